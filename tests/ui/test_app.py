"""The composition root: what it refuses, what it hides, what it says when something is wrong."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

import app
from service.headers import HEADERS, SHUT, SecurityHeaders, ShutPaths
from service.problems import Catch
from service.serve import PortInUseError
from settings import Settings
from ui import trouble
from ui.shared import Parts


async def _page(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"page"})


def get(path: str) -> tuple[int, dict[str, str]]:
    """Status and headers of a request through the middleware."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    inside = Catch(ShutPaths(_page), say=lambda code, **fields: "")
    asyncio.run(SecurityHeaders(inside, lambda: ["'self'", "https://clinic.example"])(scope, receive, send))
    start = sent[0]
    return start["status"], {name.decode().lower(): value.decode() for name, value in start["headers"]}


@pytest.mark.parametrize("path", [*SHUT, "/_stcore/agent/openapi.json", "/_stcore/agent/mcp/", "/mcp/"])
def test_shut_paths_answer_404(path: str) -> None:
    assert get(path)[0] == 404


@pytest.mark.parametrize("path", ["/", "/library", "/_stcore/health", "/_stcore/agents-of-change", "/docs-of-ours"])
def test_other_paths_pass(path: str) -> None:
    assert get(path)[0] == 200


@pytest.mark.parametrize("path", ["/", "/mcp"])
def test_every_response_has_the_security_headers(path: str) -> None:
    found = get(path)[1]
    assert all(found[name.lower()] == value for name, value in HEADERS.items())
    assert "frame-ancestors 'self' https://clinic.example" in found["content-security-policy"]


def test_streamlit_options_exist_and_keep_everything_on_the_machine() -> None:
    options = app._streamlit_options(app.STREAMLIT_CONFIG)
    known = config._config_options_template
    assert [name for name in options if name not in known] == []
    assert options["browser.gatherUsageStats"] is False
    assert options["server.enableAgentApi"] is False
    assert options["server.address"] == "127.0.0.1"
    assert options["client.toolbarMode"] == "minimal"
    assert options["client.showErrorDetails"] == "none"
    assert not [name for name in options if "fontFaces" in name], "no font is fetched"


def test_a_port_in_use_is_told_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError) as told:
            app.serve(Settings(host="127.0.0.1", port=port))
    assert str(port) in str(told.value)
    assert "\n" not in str(told.value)


def test_a_script_error_shows_a_calm_sentence_with_help_and_no_traceback(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    def script() -> None:
        import app

        try:
            raise RuntimeError("what a reader wrote")
        except RuntimeError as error:
            assert app.on_script_error(error)

    at = AppTest.from_function(script, default_timeout=60).run()
    assert not at.exception
    shown = "\n".join(element.proto.body for element in at.get("html"))
    assert parts.words.html("page_failed") in shown
    assert 'href="tel:988"' in shown
    assert "what a reader wrote" not in shown + caplog.text
    assert "RuntimeError" in caplog.text


def test_without_an_index_the_app_starts_and_only_shows_help(
    tmp_path: Path, parts: Parts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    empty = Settings(**{**parts.settings.model_dump(), "data_dir": tmp_path})
    monkeypatch.setattr(app, "load_settings", lambda: empty)

    async def start() -> Parts:
        async with app.lifespan(app.app) as state:
            found: Parts = state["parts"]
            return found

    started = asyncio.run(start())
    assert started.engine is None
    assert started.help_at_hand().lines
    assert "ketamine-answers ingest" in caplog.text


def test_streamlit_does_not_log_what_a_reader_wrote(caplog: pytest.LogCaptureFixture) -> None:
    from streamlit import error_util

    trouble.quieten_streamlit()
    assert app._streamlit_options(app.STREAMLIT_CONFIG)["logger.enableRich"] is False
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(error_util.config, "get_option", {"logger.enableRich": False}.get)
        try:
            raise RuntimeError("what a reader wrote")
        except RuntimeError as error:
            error_util._log_uncaught_app_exception(error)
    assert "Uncaught" in caplog.text
    assert "what a reader wrote" not in caplog.text
