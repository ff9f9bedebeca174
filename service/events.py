"""Server-sent events: an answer told while it is made, in a thread of the pool.

A client that leaves ends the work at the next sentence. A slow reader holds up nobody: the thread doesn't wait for it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import closing

from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from answer.schema import Answer
from answer.streaming import Event, Told
from service.context import Context
from service.problems import RefusedError, refusal_of

HEARTBEAT_SECONDS = 15.0
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
BEAT = b": still here\n\n"

_Item = Event | Exception | None


def encode(name: str, data: BaseModel, *, sparse: bool = False) -> bytes:
    """One event on the wire; JSON has no line ends of its own."""
    return f"event: {name}\ndata: {data.model_dump_json(exclude_none=sparse)}\n\n".encode()


class EventStream(StreamingResponse):
    """A response of events that ends when its time is over, however slowly the client reads."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes, None], seconds: float) -> None:
        super().__init__(events, headers=HEADERS)
        self._events, self._seconds = events, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await super().__call__(scope, receive, send)
        except TimeoutError:
            return
        finally:
            await self._events.aclose()


class Telling:
    """One answer's events on their way from a thread to the event loop."""

    def __init__(self, context: Context, begin: Callable[[], Told], country: str | None = None) -> None:
        """Begin the work, for a reader of ``country``.

        Raises:
            RefusedError: as many questions wait as may.
        """
        self._context, self._begin, self._country = context, begin, country
        self._loop = asyncio.get_running_loop()
        self._items: asyncio.Queue[_Item] = asyncio.Queue()
        self._left = threading.Event()
        self._future = context.pool.start(self._work)

    async def events(self, client: str, request_id: str) -> AsyncGenerator[bytes, None]:
        """The events on the wire, with a heartbeat while there are none."""
        with self._context.streams.one(client):
            try:
                async for piece in self._pieces():
                    yield piece
            except Exception as error:  # the response has begun: the failure is an event
                yield encode("error", refusal_of(error).problem(self._context.say, request_id), sparse=True)
            finally:
                self._leave()

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        end = self._loop.time() + self._context.settings.request_seconds
        while (item := await self._next(end)) is not None:
            if isinstance(item, bytes):
                yield item
                continue
            if isinstance(item.data, Answer):
                self._context.answered(item.data, self._country)
            yield encode(item.name, item.data)

    async def _next(self, end: float) -> Event | bytes | None:
        """The next event, or a heartbeat; None at the end."""
        left = end - self._loop.time()
        try:
            async with asyncio.timeout(min(HEARTBEAT_SECONDS, left)):
                item = await self._items.get()
        except TimeoutError:
            if left <= HEARTBEAT_SECONDS:
                raise RefusedError(504, "timeout") from None
            return BEAT
        if isinstance(item, Exception):
            raise item
        return item

    def _leave(self) -> None:
        self._left.set()
        self._future.cancel()

    def _work(self) -> None:
        """In the pool: hand over each event, until the end or until the client has left."""
        try:
            with closing(self._begin()) as events:
                for event in events:
                    if self._left.is_set():
                        return
                    self._hand_over(event)
        except Exception as error:  # told to the client by the event loop
            self._hand_over(error)
        self._hand_over(None)

    def _hand_over(self, item: _Item) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._items.put_nowait, item)
