"""What the browser fetches of the widget: its script, and two pages that show it as a clinic's visitors see it."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Awaitable, Callable
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from service.widget.article import read_article
from service.widget.script import script
from settings import Settings

_HERE = Path(__file__).parent
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


def widget_routes(settings: Settings) -> list[BaseRoute]:
    """``/widget.js``, ``/demo`` and ``/demo/article`` with their style sheet; everything is read and filled in once.

    Raises:
        OperatorError: a word of the widget, or the article, can't be read.
    """
    article = read_article(settings.corpus_dir / "article.md")
    words = {"clinic": settings.clinic_name, "contact": settings.clinic_contact, "site": _demo_site(settings)}
    demo = _fill("demo.html", words)
    page = _fill("article.html", words | {"title": article.title}, body=article.html)
    style = (_HERE / "demo.css").read_text(encoding="utf-8")
    return [
        Route("/widget.js", _file(script(settings), "text/javascript", _SHARED)),
        Route("/demo", _file(demo, "text/html", _PAGE)),
        Route("/demo/article", _file(page, "text/html", _PAGE)),
        Route("/demo/demo.css", _file(style, "text/css", {})),
    ]


def _demo_site(settings: Settings) -> str:
    """The site that the demonstration pages speak for: the first one listed."""
    sites = list(getattr(settings, "sites", ()))
    return str(sites[0].id) if sites else _DEMO_SITE


def _fill(name: str, words: dict[str, str], body: str = "") -> str:
    """A page with its ``$words`` filled in, escaped; ``body`` is HTML already."""
    escaped = {key: html.escape(word, quote=True) for key, word in words.items()}
    return Template((_HERE / name).read_text(encoding="utf-8")).substitute(escaped, body=body)


def _file(content: str, media_type: str, headers: dict[str, str]) -> Endpoint:
    """Answers with this content; 304 when the browser has it already. Browsers ask again after five minutes."""
    body = content.encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    always = headers | {"ETag": tag, "Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}

    async def answer(request: Request) -> Response:
        known = [part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")]
        if tag in known or known == ["*"]:
            return Response(status_code=304, headers=always)
        return Response(body, media_type=media_type, headers=always)

    return answer
