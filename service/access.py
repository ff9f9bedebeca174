"""One line in the log for each request: what was asked of which route and how it went, never what was written."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOG = logging.getLogger("ketamine_answers.access")
_SANE = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS = frozenset(("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"))

Count = Callable[[str, str, int, float], None]
"""Takes method, route template, status and seconds."""


class AccessLog:
    """Names, times, counts and logs every request; its id is the client's own where that is a sane one.

    Args:
        app: what is inside.
        count: also told of every request to the API.
    """

    def __init__(self, app: ASGIApp, count: Count) -> None:
        self._app, self._count = app, count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = name
        start, status = time.perf_counter(), 0

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = name
            await send(message)

        try:
            await self._app(scope, receive, send_named)
        finally:
            self._note(scope, name, status, time.perf_counter() - start)

    def _note(self, scope: Scope, name: str, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = _template(scope)
        self._count(method, route, status, seconds)
        line = {
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
            "request_id": name,
        }
        LOG.info(json.dumps(line))


def _request_id(scope: Scope) -> str:
    told = Headers(scope=scope).get("x-request-id", "")
    return told if _SANE.fullmatch(told) else uuid4().hex


def _template(scope: Scope) -> str:
    """The route as it is written in the code: a path as asked for may hold anything."""
    route = scope.get("route")
    path = str(scope.get("path", ""))
    below = next((prefix for prefix in ("/api", "/desk") if path == prefix or path.startswith(f"{prefix}/")), "")
    if route is not None and hasattr(route, "path"):
        return f"{below}{route.path}"
    return "unknown" if below else "page"
