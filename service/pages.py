"""What the browser gets beside the API: the privacy page, the widget and its demonstration."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from service.context import Context
from service.privacy import STYLE, privacy_page
from service.problems import RefusedError
from service.widget.routes import widget_routes

PRIVACY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def pages(context: Callable[[], Context | None]) -> list[BaseRoute]:
    """The routes; ``context`` gives None while the server isn't ready."""

    async def privacy(_: Request) -> Response:
        return HTMLResponse(privacy_page(_ready(context)), headers={"Content-Security-Policy": PRIVACY_POLICY})

    return [Route("/privacy", privacy), *widget_routes(lambda: _ready(context).settings)]


def _ready(context: Callable[[], Context | None]) -> Context:
    found = context()
    if found is None:
        raise RefusedError(503, "not_ready", retry_after=5)
    return found
