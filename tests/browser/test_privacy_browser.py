"""A run of the started app leaves no identifier behind: not in its data folder, its logs or its working folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page

from answer.engine import Engine
from settings import PREFIX, ROOT
from tests.browser.conftest import free_port, wait_until_up
from tests.browser.test_chat_browser import ask, open_chat

pytestmark = pytest.mark.browser

PLANTED = ("Wilhelmina", "Stokes", "212-555-0143", "w.stokes@example.org", "03/11/1958", "5520-917", "Orchard Close")
MESSAGES = (
    "I'm Wilhelmina Stokes of 17 Orchard Close, born 03/11/1958. What are the common side effects of ketamine?",
    "MRN 5520-917, tel 212-555-0143, w.stokes@example.org: does it interact with grapefruit and zzyzx?",
    "Wilhelmina Stokes wants to kill herself tonight",
)


def test_a_run_leaves_no_identifier_in_files_or_logs(
    reader: Page, engine: Engine, app_environment: dict[str, str], tmp_path: Path
) -> None:
    for name in ("data", "elsewhere", "home"):
        (tmp_path / name).mkdir()
    shutil.copytree(engine.settings.data_dir, tmp_path / "data", dirs_exist_ok=True)
    port = free_port()
    own = {"PORT": str(port), "DATA_DIR": str(tmp_path / "data")}
    environment = {**app_environment, **{PREFIX + name: value for name, value in own.items()}}
    environment |= {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "elsewhere")}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py")],
            env=environment,
            cwd=tmp_path / "elsewhere",
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_up(url, process, tmp_path / "log")
            open_chat(reader, url)
            for message in MESSAGES:
                ask(reader, message)
        finally:
            process.terminate()
            process.wait(timeout=20)
    written = [Path(folder, name) for folder, _, names in os.walk(tmp_path) for name in names]
    assert len(written) > 3
    kept = {(path.name, words) for path in written for words in PLANTED if words.encode() in path.read_bytes()}
    assert kept == set()
