"""Start the API alone, without the pages and without what they are made with."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette

from errors import OperatorError
from safety.crisis import CrisisLines
from service.access import LOG as ACCESS_LOG
from service.context import Context
from service.front import Front
from service.limits import Limiter
from service.recording import OpenRecorder
from settings import Settings

KEEP_ALIVE_SECONDS = 20
STOP_SECONDS = 10
_LOG = logging.getLogger("ketamine_answers")


class PortInUseError(OperatorError):
    """The server can't listen where it was told to; the message names address, port and the setting to change."""


def check_port(host: str, port: int) -> None:
    """Make sure that one can listen there.

    Raises:
        PortInUseError: something else listens there, or the address isn't this machine's.
    """
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


def log_access() -> None:
    """Write the access log to standard error, a line of JSON for each request; once."""
    if not ACCESS_LOG.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        ACCESS_LOG.addHandler(handler)
        ACCESS_LOG.setLevel(logging.INFO)


def api_only(settings: Settings, open_recorder: OpenRecorder | None = None) -> Starlette:
    """An application with the API and the plain pages, without the chat; without a recorder nothing is recorded."""
    front = Front()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        from answer.engine import Engine  # noqa: PLC0415 - takes seconds to import

        engine: Engine | None = None
        try:
            engine = Engine.open(settings)
        except OperatorError as error:
            _LOG.error("No question can be answered. %s", error)
        lines = CrisisLines(settings.corpus_dir / "crisis-lines.toml")
        recorder = open_recorder(engine) if open_recorder else None
        front.open(Context.open(settings, engine, lines, Limiter(settings), recorder))
        try:
            yield
        finally:
            front.close()
            if recorder:
                recorder.close()
            if engine:
                engine.close()

    return Starlette(
        routes=front.routes(),
        middleware=front.middleware(),
        exception_handlers={404: front.on_error, 405: front.on_error},
        lifespan=lifespan,
    )


def serve_api(settings: Settings, open_recorder: OpenRecorder | None = None) -> None:
    """Serve the API alone until stopped.

    Raises:
        PortInUseError: something else listens there, or the address isn't this machine's.
    """
    check_port(settings.host, settings.port)
    log_access()
    uvicorn.run(
        api_only(settings, open_recorder),
        host=settings.host,
        port=settings.port,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
