"""Plain pages and files beside the API: the privacy page, the widget's script, the pages that show it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Coroutine
from hashlib import sha256
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from service.context import Context
from service.privacy import STYLE, privacy_page
from service.problems import RefusedError

WIDGET = Path(__file__).parent / "widget"
FILES = {"/widget.js": "widget.js", "/demo": "demo.html", "/demo/article": "article.html"}
"""Address → file of the widget's folder."""

PRIVACY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
DEMO_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
ANYWHERE = {"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "public, max-age=300"}
"""The script is loaded by the clinics' own pages."""

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


def pages(context: Callable[[], Context | None]) -> list[BaseRoute]:
    """The routes; ``context`` gives None while the server isn't ready."""

    async def privacy(_: Request) -> Response:
        found = context()
        if found is None:
            raise RefusedError(503, "not_ready", retry_after=5)
        return HTMLResponse(privacy_page(found), headers={"Content-Security-Policy": PRIVACY_POLICY})

    return [Route("/privacy", privacy), *(Route(path, _file(name)) for path, name in FILES.items())]


def _file(name: str) -> Endpoint:
    async def give(_: Request) -> Response:
        path = WIDGET / name
        if not path.is_file():
            raise RefusedError(404)
        headers = ANYWHERE if path.suffix == ".js" else {"Content-Security-Policy": DEMO_POLICY}
        return FileResponse(path, headers=headers)

    return give
