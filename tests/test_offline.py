"""Nothing leaves the machine: ingest, ask and the chat run where the network is loopback alone, and none even tries.

The kernel takes the network away (a namespace with nothing but loopback). Attempts that fail quietly are noted too:
by an audit hook in every Python process (it names host and program), and by the kernel's count of packets that had no
way to go (it also sees compiled libraries, which no hook in Python does).
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from settings import PREFIX, ROOT

pytestmark = pytest.mark.slow

# Imported by every Python process by itself, before anything else.
WATCH = """
import os, socket, sys

LOG = os.environ["OUTGOING_LOG"]
LOCAL = ("127.", "::1", "localhost", "0.0.0.0", "::ffff:127.")


def note(event, target):
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(f"{event} {target!r} by {sys.argv[:3]}\\n")


def is_local(address):
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = address[0]
    host = host.decode() if isinstance(host, bytes) else host
    return host is None or host == "" or host.startswith(LOCAL)


def watch(event, args):
    if event in ("socket.connect", "socket.sendto"):
        address = args[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        address = (args[0],)
    else:
        return
    if not is_local(address):
        note(event, address)


sys.addaudithook(watch)
"""

# Runs one command and, where an address is given, reads that page from inside the same namespace.
INSIDE = """
import atexit, os, subprocess, sys, time, urllib.request


def note_lost_packets():
    with open("/proc/net/snmp") as four, open("/proc/net/snmp6") as six:
        names, numbers = [line.split() for line in four if line.startswith("Ip:")]
        lost = int(numbers[names.index("OutNoRoutes")])
        lost += sum(int(line.split()[1]) for line in six if line.startswith("Ip6OutNoRoutes"))
    if lost:
        with open(os.environ["OUTGOING_LOG"], "a", encoding="utf-8") as log:
            log.write(f"kernel: {lost} without a route, by {command}\\n")


url, command = sys.argv[1], sys.argv[2:]
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
atexit.register(note_lost_packets)
if not url:
    sys.exit(subprocess.run(command).returncode)
server = subprocess.Popen(command)
try:
    for _ in range(600):
        if server.poll() is not None:
            sys.exit(f"the server ended with {server.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=5) as page:
                print(page.status, page.read().decode())
                break
        except OSError:
            time.sleep(0.2)
    else:
        sys.exit("the page never came")
    time.sleep(3)
finally:
    server.terminate()
    server.wait(20)
"""

Inside = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the watching module, one document, and room for the index and the log."""
    folder = tmp_path_factory.mktemp("offline")
    (folder / "watch").mkdir()
    (folder / "watch" / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    (folder / "inside.py").write_text(INSIDE, encoding="utf-8")
    (folder / "log").touch()
    documents = folder / "documents"
    documents.mkdir()
    for name in ("spravato-label-2025", "dean-2021-cochrane"):
        shutil.copy(ROOT / "corpus" / "literature" / f"{name}.md", documents)
    return folder


@pytest.fixture(scope="module")
def inside(folder: Path) -> Inside:
    """Runs a Python program without a network; ``url`` names a page to read while it serves."""
    _skip_without_namespaces()

    def run(*arguments: str, url: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        command = ["unshare", "--user", "--map-root-user", "--net", sys.executable, str(folder / "inside.py"), url]
        return subprocess.run(
            [*command, sys.executable, *arguments],
            cwd=ROOT,
            env=_environment(folder, settings),
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def ingested(inside: Inside, folder: Path) -> Path:
    """The data folder after an ingest without a network."""
    done = inside("-m", "cli", "ingest", str(folder / "documents"))
    assert done.returncode == 0, done.stderr
    assert "2 sources" in done.stdout
    return folder / "data"


def test_the_namespace_has_no_way_out_and_attempts_are_noted(inside: Inside, folder: Path) -> None:
    done = inside("-c", "import socket; socket.create_connection(('192.0.2.1', 80), timeout=2)")
    assert done.returncode != 0
    assert "unreachable" in done.stderr
    noted = _forget(folder)
    assert "192.0.2.1" in noted, "the audit hook saw nothing: the other tests here would prove nothing"
    assert "kernel: 1 without a route" in noted, "the kernel counted nothing: compiled libraries would go unseen"


def test_a_lookup_of_another_host_is_noted(inside: Inside, folder: Path) -> None:
    inside("-c", "import socket; socket.getaddrinfo('example.org', 443)")
    assert "example.org" in _forget(folder)


def test_ingest_needs_no_network(ingested: Path, folder: Path) -> None:
    assert (ingested / "literature" / "live.json").exists()
    assert _outgoing(folder) == ""


def test_ask_needs_no_network(inside: Inside, ingested: Path, folder: Path) -> None:
    done = inside("-m", "cli", "ask", "How long am I watched after a dose of Spravato?", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["outcome"] == "answered"
    assert {citation["source_id"] for citation in answer["citations"]} & {"spravato-label-2025", "dean-2021-cochrane"}
    assert _outgoing(folder) == ""


@pytest.mark.parametrize("start", [("app.py",), ("-m", "streamlit", "run", "app.py")], ids=["python", "streamlit"])
def test_the_chat_needs_no_network(inside: Inside, ingested: Path, folder: Path, start: tuple[str, ...]) -> None:
    port = _free_port()
    options = ("--server.port", str(port)) if "streamlit" in start else ()
    done = inside(*start, *options, url=f"http://127.0.0.1:{port}/", PORT=str(port))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("200 ") or "\n200 " in done.stdout
    assert '<div id="root">' in done.stdout
    assert "No question can be answered" not in done.stderr
    assert _outgoing(folder) == ""


def test_telemetry_and_hub_look_ups_are_off(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SWITCHES],
        cwd=ROOT,
        env=_environment(folder, {}),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "browser_gathers_statistics": False,
        "chroma_telemetry": False,
        "hub_offline": True,
        "hub_telemetry_off": True,
        "langsmith_tracing": False,
        "transformers_offline": True,
    }


# What the libraries themselves believe, once this project's modules are imported.
_SWITCHES = """
import json, tempfile
from pathlib import Path
import app
import ingest.segment
import huggingface_hub.constants as hub
from answer.engine import Engine
from langsmith.utils import tracing_is_enabled
from transformers.utils.hub import is_offline_mode

client = ingest.segment._open_chroma(Path(tempfile.mkdtemp()))
print(json.dumps({
    "browser_gathers_statistics": app._streamlit_options(app.STREAMLIT_CONFIG)["browser.gatherUsageStats"],
    "chroma_telemetry": client.get_settings().anonymized_telemetry,
    "hub_offline": hub.HF_HUB_OFFLINE,
    "hub_telemetry_off": hub.HF_HUB_DISABLE_TELEMETRY,
    "langsmith_tracing": bool(tracing_is_enabled()),
    "transformers_offline": is_offline_mode(),
}))
"""


def _environment(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    """The caller's environment without what would switch anything off by chance, plus the watching module."""
    own = ("HF_", "TRANSFORMERS_", "LANGCHAIN_", "LANGSMITH_", "STREAMLIT_", "ANONYMIZED_", "DO_NOT_TRACK", PREFIX)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    named = {f"{PREFIX}{name}": value for name, value in settings.items()}
    watch = {"PYTHONPATH": str(folder / "watch"), "OUTGOING_LOG": str(folder / "log")}
    return kept | watch | named | {f"{PREFIX}DATA_DIR": str(folder / "data")}


def _outgoing(folder: Path) -> str:
    """Every attempt to reach something else than this machine so far."""
    return (folder / "log").read_text(encoding="utf-8")


def _forget(folder: Path) -> str:
    """The attempts so far, which are then struck out."""
    noted = _outgoing(folder)
    (folder / "log").write_text("", encoding="utf-8")
    return noted


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _skip_without_namespaces() -> None:
    if not (shutil.which("unshare") and shutil.which("ip")):
        pytest.skip("needs 'unshare' (util-linux) and 'ip' (iproute2) to take the network away")
    probe = ["unshare", "--user", "--map-root-user", "--net", "ip", "link", "set", "lo", "up"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this kernel gives no network namespace to this user: {done.stderr.strip()}")
