"""Plain ASGI middleware around pages and routes: security headers, and paths that must not answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import RefusedError

SHUT = ("/_stcore/agent", "/_stcore/metrics", "/openapi.json", "/mcp", "/docs", "/redoc")
"""Streamlit's agent interface and what else no reader needs: these answer 404, whatever its settings say."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

PAGES_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors "
)
"""Streamlit's pages: the browser loads and sends nothing beyond this server. Its own scripts need 'unsafe-…'."""

DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""Everything below ``/api``: data, never a page."""


class SecurityHeaders:
    """Adds the headers to every response that doesn't set them itself.

    Args:
        app: what is inside.
        ancestors: the pages that may show ours in a frame, as CSP sources; read at every request.
        hsts_seconds: how long browsers shall insist on HTTPS; 0 sends no such header; read at every request.
    """

    def __init__(
        self, app: ASGIApp, ancestors: Callable[[], Sequence[str]], hsts_seconds: Callable[[], int] = lambda: 0
    ) -> None:
        self._app, self._ancestors, self._hsts = app, ancestors, hsts_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers(str(scope.get("path", ""))).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)

    def _headers(self, path: str) -> dict[str, str]:
        data = path == "/api" or path.startswith("/api/")
        policy = DATA_POLICY if data else PAGES_POLICY + " ".join(self._ancestors())
        headers = {**HEADERS, "Content-Security-Policy": policy}
        if seconds := self._hsts():
            headers["Strict-Transport-Security"] = f"max-age={seconds}"
        return headers


class ShutPaths:
    """Answers 404 for ``SHUT``, and for paths below ``/api`` that try to climb out of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", "")).rstrip("/")
        if scope["type"] == "http" and (_is_shut(path) or _climbs(path)):
            raise RefusedError(404)
        await self._app(scope, receive, send)


def _is_shut(path: str) -> bool:
    return any(path == shut or path.startswith(f"{shut}/") for shut in SHUT)


def _climbs(path: str) -> bool:
    """Streamlit refuses such paths with a text of its own; the API's errors have one shape."""
    tricks = ".." in path or "\\" in path or "\0" in path or "//" in path
    return tricks and path.startswith("/api/")
