"""The really started app, and a real Chromium in front of it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from desk.database import Database
from desk.signin import SIGN_IN
from desk.users import Users
from settings import PREFIX, ROOT, Settings
from tests.browser.widget_server import Clinic

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 90.0
STAFF = ("anna", "boris")
PASSWORD = "tidal copper lantern"


def find_chromium() -> str | None:
    """The browser to drive: ``CHROMIUM``, else the first usual name on the path."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(settings: Settings, port: int, folder: Path) -> dict[str, str]:
    """The environment that gives a started app these settings, with a new database in ``folder``."""
    own = {
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "DATA_DIR": str(settings.data_dir),
        "CORPUS_DIR": str(settings.corpus_dir),
        "PROMPTS_DIR": str(settings.prompts_dir),
        "COLLECTION": settings.collection,
        "EMBEDDER": settings.embedder,
        "CLINIC_NAME": settings.clinic_name,
        "COUNTRY": "US",
        "DATABASE_URL": f"sqlite:///{folder / 'desk.sqlite'}",
    }
    return {**os.environ, **{PREFIX + name: value for name, value in own.items()}}


def wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the app answers; fail with its output when it ends first."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"the app ended with {process.returncode}: {log.read_text()}")
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    pytest.fail("the app did not start in time")


@contextmanager
def started(arguments: list[str], environment: dict[str, str], folder: Path) -> Iterator[str]:
    """Address of a started Python program with pages; what it prints goes into a file: a full pipe would stop it."""
    url = f"http://127.0.0.1:{environment[PREFIX + 'PORT']}"
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments], env=environment, cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_until_up(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def app_environment(engine: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of an app on the tests' own index and a free port."""
    return environment(engine.settings, free_port(), tmp_path_factory.mktemp("app"))


@pytest.fixture(scope="session")
def app_url(app_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the app, started as an operator would, from another folder than its own."""
    with started([str(ROOT / "app.py")], app_environment, tmp_path_factory.mktemp("elsewhere")) as url:
        yield url


@pytest.fixture(scope="session")
def desk_environment(engine: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of an app with the readers' and the staff's pages, and two users there are."""
    folder = tmp_path_factory.mktemp("desk")
    given = environment(engine.settings, free_port(), folder) | {f"{PREFIX}PAGES": "all"}
    database = Database(given[f"{PREFIX}DATABASE_URL"])
    for name in STAFF:
        Users(database).add(name, PASSWORD, "editor", "test")
    database.close()
    return given


@pytest.fixture(scope="session")
def desk_url(desk_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of that app."""
    with started([str(ROOT / "app.py")], desk_environment, tmp_path_factory.mktemp("elsewhere")) as url:
        yield url


def sign_in(page: Page, url: str, name: str = STAFF[0]) -> None:
    """Sign in with the form, as staff do."""
    page.goto(f"{url}{SIGN_IN}")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(f"Signed in: {name}")).to_be_visible()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One Chromium for the tests of a file; Playwright's event loop ends with it, for the tests that run their own."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium found: install one ('apt-get install chromium') or name it in CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def reader(chromium: Browser) -> Iterator[Page]:
    """A new reader at a desk: nothing stored, light theme."""
    context = chromium.new_context(viewport={"width": 1200, "height": 900}, color_scheme="light")
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    """A new reader on a phone, dark theme."""
    context = chromium.new_context(viewport={"width": 375, "height": 700}, color_scheme="dark", has_touch=True)
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def servers() -> Iterator[Clinic]:
    """An assistant's server and a clinic's website."""
    clinic = Clinic()
    yield clinic
    clinic.close()


@pytest.fixture
def clinic(servers: Clinic) -> Clinic:
    """The same, as if nothing had been asked yet."""
    servers.assistant.forget()
    return servers
