"""The started server: everything in one process, the API alone, what isn't served, slow and odd clients."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from answer.engine import Engine
from desk import records
from desk.database import Database
from desk.models import Feedback as Vote
from desk.models import Kept
from settings import PREFIX, ROOT
from tests.service.conftest import CLINIC, SITES, Open
from tests.service.test_api import QUESTION, assert_problem
from tests.service.test_events import parse
from ui import pages

START_SECONDS = 240.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(engine: Engine, log: Path, *options: str, **settings: Any) -> Iterator[tuple[httpx.Client, Path]]:
    """The server, started as an operator would; its output is in ``log``."""
    port = free_port()
    own = {
        "DATA_DIR": str(engine.settings.data_dir),
        "COLLECTION": engine.settings.collection,
        "SITES": json.dumps([site.model_dump(mode="json") for site in SITES]),
        **settings,
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "serve", "--port", str(port), *options],
            env={**os.environ, "PYTHONPATH": str(ROOT), **{PREFIX + name: value for name, value in own.items()}},
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
        try:
            _wait(client, process, log)
            yield client, log
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)
            client.close()


def _wait(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"the server ended with {process.returncode}: {log.read_text()}")
        try:
            if client.get("/api/ready").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(f"the server did not start in time: {log.read_text()}")


@pytest.fixture(scope="module")
def everything(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Path]]:
    with served(engine, tmp_path_factory.mktemp("serve") / "log") as found:
        yield found


@pytest.fixture(scope="module")
def alone(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Path]]:
    log = tmp_path_factory.mktemp("serve") / "log"
    with served(engine, log, "--api-only", UPLOAD_SECONDS="1") as found:
        yield found


both = pytest.mark.parametrize("server", ["everything", "alone"])


@pytest.mark.slow
@both
def test_the_api_answers(server: str, request: pytest.FixtureRequest) -> None:
    client = request.getfixturevalue(server)[0]
    answer = client.post("/api/ask", json={"text": QUESTION, "site": "clinic"}, headers={"Origin": CLINIC})
    assert answer.json()["outcome"] == "answered"
    assert "set-cookie" not in answer.headers
    streamed = client.post("/api/v1/ask/stream", json={"text": QUESTION})
    assert "content-encoding" not in streamed.headers, "a compressed stream would be held back"
    assert parse(streamed.text)[-1][0] == "done"


@pytest.mark.slow
@both
@pytest.mark.parametrize(
    "path",
    ["/openapi.json", "/docs", "/redoc", "/mcp", "/_stcore/agent/interact", "/_stcore/metrics", "/api/nothing",
     "/api/sources/..%2f..%2fetc", "/api/sources/%5c%5cserver", "/api/docs"],
)  # fmt: skip
def test_what_nobody_needs_answers_404(server: str, path: str, request: pytest.FixtureRequest) -> None:
    assert_problem(request.getfixturevalue(server)[0].get(path), 404)


@pytest.mark.slow
@both
def test_one_error_shape_on_the_started_server(server: str, request: pytest.FixtureRequest) -> None:
    client = request.getfixturevalue(server)[0]
    assert_problem(client.delete("/api/ask"), 405)
    assert_problem(client.post("/api/ask", json={"text": 1}), 422)
    assert_problem(client.post("/api/ask", content=b"{"), 422)
    assert_problem(client.get("/api/sources/x"), 404)
    assert_problem(client.get("/api/metrics"), 404)
    assert_problem(client.post("/api/ask", content=b"x" * 300_000), 413)
    assert_problem(client.get("/api/health", headers={"Origin": "https://evil.example"}), 403)


@pytest.mark.slow
def test_the_pages_are_there_and_may_be_framed_by_listed_websites(everything: tuple[httpx.Client, Path]) -> None:
    page = everything[0].get("/")
    assert page.status_code == 200 and '<div id="root">' in page.text
    assert f"frame-ancestors 'self' {CLINIC}" in page.headers["content-security-policy"]


@pytest.mark.slow
def test_the_api_alone_has_no_pages(alone: tuple[httpx.Client, Path]) -> None:
    assert_problem(alone[0].get("/"), 404)
    assert alone[0].get("/privacy").status_code == 200


@pytest.mark.slow
def test_a_slow_upload_is_given_up_and_others_are_served(alone: tuple[httpx.Client, Path]) -> None:
    url = httpx.URL(str(alone[0].base_url))
    connections = [http.client.HTTPConnection(str(url.host), url.port, timeout=30) for _ in range(20)]
    for connection in connections:
        connection.putrequest("POST", "/api/ask")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", "1000")
        connection.endheaders()
        connection.send(b'{"text": "')
    assert alone[0].get("/api/health").status_code == 200
    for connection in connections:
        response = connection.getresponse()
        assert response.status == 408
        assert json.loads(response.read())["status"] == 408
        connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("raw", [b"GARBAGE\r\n\r\n", b"GET /api/health HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00" * 20])
def test_what_is_not_http_does_no_harm(raw: bytes, alone: tuple[httpx.Client, Path]) -> None:
    url = httpx.URL(str(alone[0].base_url))
    with socket.create_connection((str(url.host), url.port or 0), timeout=20) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        assert b"Traceback" not in connection.recv(4096)
    assert alone[0].get("/api/health").status_code == 200


@pytest.mark.slow
@both
def test_the_servers_log_holds_no_question(server: str, request: pytest.FixtureRequest) -> None:
    client, log = request.getfixturevalue(server)
    client.post("/api/ask", json={"text": "Ada Example wants to know about ketamine"})
    client.get("/api/sources/ada-example", params={"q": "Ada Example"})
    client.post("/api/ask", json={"text": "a", "Ada Example": 1})
    text = log.read_text()
    assert '"route": "/api/sources/{id}", "status": 404' in text
    assert not re.search(r"\bada\b", text, re.IGNORECASE)
    assert "Traceback" not in text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "proxies", "second"),
    [
        ([], "[]", 429),
        (["--api-only"], "[]", 429),
        ([], '["127.0.0.1"]', 200),
        (["--api-only"], '["127.0.0.0/8"]', 200),
    ],
)
def test_who_asks_is_the_proxys_word_only_where_the_setting_names_it(
    options: list[str], proxies: str, second: int, engine: Engine, tmp_path: Path
) -> None:
    with served(engine, tmp_path / "log", *options, TRUSTED_PROXIES=proxies, QUESTION_RATE="1/hour") as (client, _):
        statuses = [
            client.post("/api/ask", json={"text": QUESTION}, headers={"X-Forwarded-For": address}).status_code
            for address in ("198.51.100.1", "198.51.100.2", "198.51.100.1")
        ]
    assert statuses == [200, second, 429]


def test_the_public_process_imports_no_sign_in_and_no_page_of_the_staff() -> None:
    code = (
        "import app, sys; from ui import pages; "
        "assert 'chat.py' in pages.chosen('public'); "
        "sys.exit(bool([m for m in sys.modules if m in ('desk.signin', 'desk.users') or m.startswith('ui.desk')]))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=200, check=False).returncode == 0
    assert not set(pages.PUBLIC) & set(pages.DESK)


def test_pages_that_there_are_none_of_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "DESK", {})
    with pytest.raises(pages.NoPagesError, match="pages"):
        pages.chosen("desk")


def test_the_api_alone_needs_no_page_library() -> None:
    code = "import sys, service.serve; sys.exit(int('streamlit' in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=200, check=False).returncode == 0


@pytest.mark.slow
def test_the_api_alone_counts_votes_and_keeps_too(engine: Engine, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'desk.sqlite'}"
    with served(engine, tmp_path / "log", "--api-only", DATABASE_URL=address, KEEP_UNANSWERED="true") as (client, _):
        id = client.post("/api/ask", json={"text": "Does ketamine cure tinnitus?"}).json()["id"]
        assert client.post("/api/feedback", json={"answer_id": id, "helpful": False}).status_code == 202
        wish = {"question": {"text": "Does ketamine cure tinnitus?", "id": id}, "consent": True}
        assert client.post("/api/keep", json=wish).json() == {"kept": True}
    database = Database(address)
    with database.reading() as session:
        assert records.total(session, "no_evidence") == 1
        assert session.query(Kept).one().answer_id == session.query(Vote).one().answer_id == id
    database.close()


# ------------------------------------------------------------------------------------------------ the privacy page


def test_the_privacy_page_says_what_is_so(api: TestClient, engine: Engine) -> None:
    page = api.get("/privacy")
    assert page.headers["content-type"].startswith("text/html")
    assert "script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    for part in (engine.settings.clinic_name, engine.settings.clinic_contact, "No question leaves this server"):
        assert escape(part) in page.text


def test_the_privacy_page_follows_the_settings(open_api: Open) -> None:
    assert "is read by" not in open_api().get("/privacy").text
    assert "is read by" in open_api(keep_feedback_text=True).get("/privacy").text


@pytest.mark.parametrize(
    ("model", "address", "shown"),
    [("openai:gpt", "", "OpenAI receives"), ("openai:gpt", "https://llm.example/v1", "llm.example receives"),
     ("openai:gpt", "http://127.0.0.1:9/v1", "runs on this server"), ("ollama:llama", "", "runs on this server")],
)  # fmt: skip
def test_the_privacy_page_names_who_receives_questions(
    model: str, address: str, shown: str, open_api: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    class WithModel:
        uses_model = True

    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    assert shown in open_api(instead=WithModel(), model=model).get("/privacy").text


def test_the_privacy_page_escapes_what_the_settings_say(open_api: Open) -> None:
    page = open_api(clinic_name="<script>alert(1)</script>", clinic_contact='"><img src=x>').get("/privacy").text
    assert "<script>alert" not in page and "<img" not in page
    assert "&lt;script&gt;" in page


def test_https_is_insisted_on_by_setting(open_api: Open) -> None:
    assert "strict-transport-security" not in open_api().get("/api/health").headers
    told = open_api(hsts_seconds=3600).get("/api/health").headers["strict-transport-security"]
    assert told == "max-age=3600"
