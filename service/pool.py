"""Threads that answer questions beside the event loop: a few at once, a bounded number waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from service.metrics import Metrics
from service.problems import RefusedError
from settings import Settings

RETRY_SECONDS = 5
T = TypeVar("T")


class Pool:
    """Runs the engine's blocking work."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._threads = ThreadPoolExecutor(settings.answer_threads, thread_name_prefix="answer")
        self._most = settings.answer_threads + settings.max_waiting
        self._seconds = settings.request_seconds
        self._metrics = metrics
        self._under_way: set[Future[Any]] = set()

    def start(self, work: Callable[[], T]) -> Future[T]:
        """Begin work, or let it wait for a thread.

        Raises:
            RefusedError: as many wait as may.
        """
        if len(self._under_way) >= self._most:
            raise RefusedError(503, "busy", retry_after=RETRY_SECONDS)
        future = self._threads.submit(work)
        self._under_way.add(future)
        self._metrics.waiting.set(len(self._under_way))
        future.add_done_callback(self._done)
        return future

    async def run(self, work: Callable[[], T]) -> T:
        """Do work and wait for it; work that hasn't begun when the client gives up never does.

        Raises:
            RefusedError: as many wait as may, or it takes longer than a request may.
        """
        future = self.start(work)
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise RefusedError(504, "timeout", retry_after=RETRY_SECONDS) from error
        finally:
            future.cancel()

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _done(self, future: Future[Any]) -> None:
        self._under_way.discard(future)
        self._metrics.waiting.set(len(self._under_way))
