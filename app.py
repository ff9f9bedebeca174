"""Composition root: one process that serves the pages, the HTTP API and the widget.

Started by ``ketamine-answers serve`` or ``chat``, by ``python app.py`` or by ``streamlit run app.py``.
"""

from __future__ import annotations

import logging
import os
import sys
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.types import ASGIApp

from desk.database import Database
from desk.record import Recorder
from errors import OperatorError
from safety.crisis import CrisisLines
from safety.wording import Wording
from service.context import Context
from service.front import Front
from service.limits import Limiter
from service.serve import check_port, log_access
from settings import ROOT, Settings, load_settings
from ui import frame, pages, shared, trouble
from ui.shared import Parts
from ui.words import Words

SCRIPT = ROOT / "ui" / "main.py"
STREAMLIT_CONFIG = ROOT / ".streamlit" / "config.toml"

_LOG = logging.getLogger("ketamine_answers")


class _Chosen:
    """Settings that a command changed; None for those of file and environment."""

    settings: Settings | None = None


front = Front()


def open_parts(settings: Settings, limiter: Limiter) -> Parts:
    """Open everything the pages share.

    Raises:
        OperatorError: wording, help lines or index can't be used; the message says in a line what to do.
    """
    from answer.engine import Engine  # noqa: PLC0415 - takes seconds to import: only when it is needed

    engine = Engine.open(settings)
    return Parts(settings, Words(engine.wording), engine.crisis_lines, engine, limiter.question)


def parts_without_engine(settings: Settings) -> Parts:
    """What the pages need to show help lines while no question can be answered."""
    words = Words(Wording(settings.prompts_dir, settings.language))
    return Parts(settings, words, CrisisLines(settings.corpus_dir / "crisis-lines.toml"), None)


def staff_door(settings: Settings, database: Database) -> ASGIApp:
    """Sign-in and sign-out for staff, below ``/desk``."""
    from desk.signin import signin  # noqa: PLC0415 - only a process with the staff's pages has it

    return signin(settings, database)


def complete_publication(parts: Parts, database: Database) -> None:
    """Publish in the background what was approved when a stop or a restore came between."""
    from desk.publish import background  # noqa: PLC0415 - only a process with the staff's pages publishes

    engine = parts.engine
    if engine:
        background(parts.settings, database, lambda: engine.embedder).complete()


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Open the shared parts once, close them at the end. Without an index the pages still show help lines."""
    settings = _Chosen.settings or load_settings()
    trouble.quieten_streamlit()
    log_access()
    limiter, database = Limiter(settings), Database.of(settings)
    try:
        parts = open_parts(settings, limiter)
    except OperatorError as error:
        _LOG.error("No question can be answered. %s", error)
        parts = parts_without_engine(settings)
    recorder = Recorder.of(settings, database, parts.engine)
    parts = replace(parts, recorder=recorder, database=database)
    shared.provide(parts)
    if settings.pages != "public":
        front.desk = staff_door(settings, database)
        complete_publication(parts, database)
    front.open(Context.open(settings, parts.engine, parts.crisis_lines, limiter, recorder))
    try:
        yield {"parts": parts}
    finally:
        front.close()
        recorder.close()
        database.close()
        if parts.engine:
            parts.engine.close()


def on_script_error(error: Exception) -> bool:
    """A calm sentence with the help lines instead of a traceback."""
    trouble.report(error)
    frame.sorry("page_failed")
    return True


app = st.App(
    SCRIPT,
    routes=front.routes(),
    middleware=front.middleware(),
    lifespan=lifespan,
    on_script_error=on_script_error,
)


def serve(settings: Settings) -> None:
    """Serve pages and API until stopped.

    Raises:
        PortInUseError: something else listens there, or the address isn't this machine's.
        NoPagesError: there are no pages of the kind that the setting asks for.
    """
    pages.chosen(settings.pages)
    check_port(settings.host, settings.port)
    _Chosen.settings = settings
    # Streamlit starts uvicorn itself; this is where uvicorn then looks for the proxies it may believe.
    os.environ["FORWARDED_ALLOW_IPS"] = ",".join(settings.trusted_proxies)
    options = {"server.address": settings.host, "server.port": settings.port}
    app.run(config={**_streamlit_options(STREAMLIT_CONFIG), **options})


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
        serve(load_settings())
    except OperatorError as problem:
        sys.exit(str(problem))
