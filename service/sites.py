"""The websites that may show the assistant: who is asking, and what holds for its readers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from answer.schema import Question
from service.problems import RefusedError, Say, request_id
from settings import Settings, Site

METHODS = "GET, POST"
HEADERS_ALLOWED = "Content-Type, X-Request-ID"
HEADERS_SHOWN = "Retry-After, X-Request-ID"
PREFLIGHT_SECONDS = "600"
_ORIGIN = re.compile(r"https?://[^/\s]+")


class Sites:
    """The sites of the settings, by id and by origin."""

    def __init__(self, settings: Settings) -> None:
        self._by_id = {site.id: site for site in settings.sites}
        self._by_origin: dict[str, list[Site]] = {}
        for site in settings.sites:
            for origin in site.origins:
                self._by_origin.setdefault(origin, []).append(site)

    def origins(self) -> list[str]:
        """All origins that are listed, each once."""
        return list(self._by_origin)

    def of_origin(self, origin: str) -> Sequence[Site]:
        """The sites that an origin belongs to."""
        return self._by_origin.get(origin, ())

    def resolve(self, site_id: str | None, asking: Sequence[Site] | None) -> Site | None:
        """The site that a request is for.

        Args:
            site_id: the one it names, if any.
            asking: the sites its Origin belongs to; None for a request from no other website.

        Raises:
            RefusedError: there is no such site, or it is another website's.
        """
        if site_id is None:
            return asking[0] if asking else None
        site = self._by_id.get(site_id)
        if site is None:
            raise RefusedError(403, "unknown_site")
        if asking is not None and site not in asking:
            raise RefusedError(403, "other_site")
        return site


def for_site(question: Question, site: Site | None) -> Question:
    """The question with its site, and the site's country and language where it names none."""
    if site is None:
        return question
    changes = {
        "site": site.id,
        "country": question.country or site.country,
        "language": question.language or site.language,
    }
    return question.model_copy(update=changes)


class SiteGate:
    """Refuses requests from pages of websites that aren't listed, and tells browsers which are (CORS).

    Requests without an Origin (programs) and from this server's own pages pass. An Origin is no proof of who asks:
    limits hold for everybody.
    """

    def __init__(self, app: ASGIApp, sites: Sites, say: Say) -> None:
        self._app, self._sites, self._say = app, sites, say

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if scope["type"] != "http" or origin is None or _is_own(origin, headers.get("host", "")):
            await self._app(scope, receive, send)
            return
        asking = self._sites.of_origin(origin)
        if not asking:
            refusal = RefusedError(403, "unknown_origin", headers={"Vary": "Origin"})
            await refusal.response(self._say, request_id(scope))(scope, receive, send)
            return
        scope.setdefault("state", {})["asking"] = asking
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await _preflight(origin)(scope, receive, send)
            return
        await self._app(scope, receive, _with_origin(send, origin))


def _is_own(origin: str, host: str) -> bool:
    return bool(host) and _ORIGIN.fullmatch(origin) is not None and urlsplit(origin).netloc == host


def _preflight(origin: str) -> Response:
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": HEADERS_ALLOWED,
            "Access-Control-Max-Age": PREFLIGHT_SECONDS,
            "Vary": "Origin",
        },
    )


def _with_origin(send: Send, origin: str) -> Send:
    async def send_with_origin(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = HEADERS_SHOWN
            headers.add_vary_header("Origin")
        await send(message)

    return send_with_origin
