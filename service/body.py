"""Take a request's body in before anything reads it: not too large, and not too slowly."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import RefusedError, Say, request_id
from settings import Settings

BODILESS = frozenset(("GET", "HEAD", "OPTIONS"))


class ClientLeftError(Exception):
    """The client went away while it sent."""


class BodyGuard:
    """Refuses bodies over the setting with 413, and those that arrive too slowly with 408."""

    def __init__(self, app: ASGIApp, settings: Settings, say: Say) -> None:
        self._app, self._say = app, say
        self._most, self._seconds = settings.max_body_bytes, settings.upload_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in BODILESS:
            await self._app(scope, receive, send)
            return
        try:
            body = await self._read(scope, receive)
        except RefusedError as refusal:
            await refusal.response(self._say, request_id(scope))(scope, receive, send)
            return
        except ClientLeftError:
            return
        await self._app(scope, _again(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        if _told_length(scope) > self._most:
            raise RefusedError(413, headers={"Connection": "close"})
        try:
            async with asyncio.timeout(self._seconds):
                return await self._whole(receive)
        except TimeoutError as error:
            raise RefusedError(408, headers={"Connection": "close"}) from error

    async def _whole(self, receive: Receive) -> bytes:
        parts, length, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientLeftError
            parts.append(message.get("body", b""))
            length += len(parts[-1])
            if length > self._most:
                raise RefusedError(413, headers={"Connection": "close"})
            more = message.get("more_body", False)
        return b"".join(parts)


def _told_length(scope: Scope) -> int:
    told = Headers(scope=scope).get("content-length", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 20 else 0


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives the body once, then what comes after it."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
