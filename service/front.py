"""What stands at the door of the process: middleware and routes that exist before settings and engine do.

``open`` fills it in once the server starts; until then the API answers that it isn't ready.
"""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from service.access import AccessLog
from service.api import build_api
from service.context import Context
from service.headers import SecurityHeaders, ShutPaths
from service.pages import pages
from service.problems import Catch, RefusedError, refusal_of, request_id


class Front:
    """One process's door; itself the ASGI application below ``/api``. ``desk`` is the one below ``/desk``, if any."""

    def __init__(self) -> None:
        self.context: Context | None = None
        self.desk: ASGIApp | None = None
        self._api: ASGIApp | None = None

    def open(self, context: Context) -> None:
        """Serve the API with these parts."""
        self._api = build_api(context)
        self.context = context

    def close(self) -> None:
        """Serve it no longer."""
        if self.context:
            self.context.close()
        self.context = self._api = self.desk = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._api is None:
            raise RefusedError(503, "not_ready", retry_after=5)
        await self._api(scope, receive, send)

    async def _staff(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The staff's sign-in, where this process has a desk."""
        if self.desk is None:
            raise RefusedError(404)
        await self.desk(scope, receive, send)

    def routes(self) -> list[BaseRoute]:
        """The API and the plain pages beside it."""
        return [Mount("/api", self), Mount("/desk", self._staff), *pages(lambda: self.context)]

    def middleware(self) -> list[Middleware]:
        """What every request passes, outermost first."""
        return [
            Middleware(AccessLog, count=self._count),
            Middleware(SecurityHeaders, ancestors=self._ancestors, hsts_seconds=self._hsts),
            Middleware(Catch, say=self.say),
            Middleware(ShutPaths),
        ]

    def say(self, code: str, **fields: str) -> str:
        """The sentence for a problem; none before the wording is read."""
        return self.context.say(code, **fields) if self.context else ""

    async def on_error(self, request: Request, error: Exception) -> Response:
        """Any exception as a problem, for an application that has no pages to show it on."""
        return refusal_of(error).response(self.say, request_id(request.scope))

    def _count(self, method: str, route: str, status: int, seconds: float) -> None:
        if self.context:
            self.context.metrics.request(method, route, status, seconds)

    def _ancestors(self) -> list[str]:
        """Who may show the pages in a frame: listed websites the readers' pages, nobody the staff's."""
        if self.context is None or self.context.settings.pages != "public":
            return ["'none'"]
        return ["'self'", *self.context.sites.origins()]

    def _hsts(self) -> int:
        return self.context.settings.hsts_seconds if self.context else 0
