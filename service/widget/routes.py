"""What the browser fetches of the widget: its script, and two pages that show it as a clinic's visitors see it."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from service.widget.article import read_article
from service.widget.script import script
from settings import Settings

_HERE = Path(__file__).parent
_PATHS = ("/widget.js", "/demo", "/demo/article", "/demo/demo.css")
_DEMO_SITE = "demo"
_SHARED = {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}
"""The script may be loaded by any page; which sites may ask is the API's to decide."""
_PAGE = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
}
"""As strict as a careful clinic's own: no inline script or style, nothing from elsewhere."""

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class _File:
    """What is sent for one address."""

    text: str
    media_type: str
    headers: dict[str, str]

    def response(self, known: str) -> Response:
        """The file; 304 when the browser has it already. Browsers ask again after five minutes."""
        body = self.text.encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {
            **self.headers,
            "ETag": tag,
            "Cache-Control": "public, max-age=300",
            "X-Content-Type-Options": "nosniff",
        }
        if tag in [part.strip().removeprefix("W/") for part in known.split(",")]:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=self.media_type, headers=headers)


def widget_routes(settings: Settings | Callable[[], Settings]) -> list[BaseRoute]:
    """``/widget.js``, ``/demo`` and ``/demo/article`` with their style sheet; everything is read and filled in once.

    Args:
        settings: the settings, or what gives them at the first request when they aren't known yet; whatever that
            raises goes to the caller.

    Raises:
        OperatorError: a word of the widget, or the article, can't be read; at once when the settings are known.
    """
    if isinstance(settings, Settings):
        read = _files(settings)
        return [Route(path, _endpoint(path, lambda: read)) for path in _PATHS]
    files = cache(lambda: _files(settings()))
    return [Route(path, _endpoint(path, files)) for path in _PATHS]


def _endpoint(path: str, files: Callable[[], dict[str, _File]]) -> Endpoint:
    async def give(request: Request) -> Response:
        return files()[path].response(request.headers.get("If-None-Match", ""))

    return give


def _files(settings: Settings) -> dict[str, _File]:
    article = read_article(settings.corpus_dir / "article.md")
    words = {"clinic": settings.clinic_name, "contact": settings.clinic_contact, "site": _demo_site(settings)}
    page = _fill("article.html", words | {"title": article.title}, body=article.html)
    return {
        "/widget.js": _File(script(settings), "text/javascript", _SHARED),
        "/demo": _File(_fill("demo.html", words), "text/html", _PAGE),
        "/demo/article": _File(page, "text/html", _PAGE),
        "/demo/demo.css": _File((_HERE / "demo.css").read_text(encoding="utf-8"), "text/css", {}),
    }


def _demo_site(settings: Settings) -> str:
    """The site that the demonstration pages speak for: the first one listed."""
    sites = list(getattr(settings, "sites", ()))
    return str(sites[0].id) if sites else _DEMO_SITE


def _fill(name: str, words: dict[str, str], body: str = "") -> str:
    """A page with its ``$words`` filled in, escaped; ``body`` is HTML already."""
    escaped = {key: html.escape(word, quote=True) for key, word in words.items()}
    return Template((_HERE / name).read_text(encoding="utf-8")).substitute(escaped, body=body)
