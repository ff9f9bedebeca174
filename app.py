"""Composition root: one process that serves the pages, and later the HTTP API and the widget beside them.

Started by ``streamlit run app.py``, by ``python app.py`` or by ``ketamine-answers chat``.
"""

from __future__ import annotations

import logging
import socket
import sys
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from errors import OperatorError
from safety.crisis import CrisisLines
from safety.wording import Wording
from settings import ROOT, Settings, load_settings
from ui import frame, shared, trouble
from ui.shared import Parts
from ui.web import SecurityHeaders, ShutPaths
from ui.words import Words

SCRIPT = ROOT / "ui" / "main.py"
STREAMLIT_CONFIG = ROOT / ".streamlit" / "config.toml"
ROUTES: list[BaseRoute] = []

_LOG = logging.getLogger("ketamine_answers")


class PortInUseError(OperatorError):
    """The chat can't listen where it was told to; the message names address, port and the setting to change."""


def open_parts(settings: Settings) -> Parts:
    """Open everything the pages share.

    Raises:
        OperatorError: wording, help lines or index can't be used; the message says in a line what to do.
    """
    from answer.engine import Engine  # noqa: PLC0415 - takes seconds to import: only when it is needed

    engine = Engine.open(settings)
    return Parts(settings, Words(engine.wording), engine.crisis_lines, engine)


def parts_without_engine(settings: Settings) -> Parts:
    """What the pages need to show help lines while no question can be answered."""
    words = Words(Wording(settings.prompts_dir, settings.language))
    return Parts(settings, words, CrisisLines(settings.corpus_dir / "crisis-lines.toml"), None)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Open the shared parts once, close them at the end. Without an index the pages still show help lines."""
    settings = load_settings()
    trouble.quieten_streamlit()
    try:
        parts = open_parts(settings)
    except OperatorError as error:
        _LOG.error("No question can be answered. %s", error)
        parts = parts_without_engine(settings)
    shared.provide(parts)
    try:
        yield {"parts": parts}
    finally:
        if parts.engine:
            parts.engine.close()


def on_script_error(error: Exception) -> bool:
    """A calm sentence with the help lines instead of a traceback."""
    trouble.report(error)
    frame.sorry("page_failed")
    return True


app = st.App(
    SCRIPT,
    routes=ROUTES,
    middleware=[Middleware(SecurityHeaders), Middleware(ShutPaths)],
    lifespan=lifespan,
    on_script_error=on_script_error,
)


def serve(host: str, port: int) -> None:
    """Serve the chat until it is stopped.

    Raises:
        PortInUseError: something else listens there, or the address isn't this machine's.
    """
    _check_port(host, port)
    app.run(config={**_streamlit_options(STREAMLIT_CONFIG), "server.address": host, "server.port": port})


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise PortInUseError(
                f"The chat can't listen on {host}, port {port}: {reason}. Choose another with the setting 'port'."
            ) from error


def _streamlit_options(path: Path) -> dict[str, Any]:
    """The options of ``.streamlit/config.toml``, dotted, so that they hold wherever the command was typed."""
    return _dotted(tomllib.loads(path.read_text(encoding="utf-8")))


def _dotted(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name, value in table.items():
        options |= _dotted(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return options


if __name__ == "__main__":
    try:
        chosen = load_settings()
        serve(chosen.host, chosen.port)
    except OperatorError as problem:
        sys.exit(str(problem))
