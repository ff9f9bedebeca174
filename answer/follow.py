"""Follow the live index: open the generation that the pointer names, switch when it changes, close what is left."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ingest.generation import Generation, IndexFolder, IndexUnusableError, damage_explained
from ingest.segment import Segment

POLL_SECONDS = 1.0
_LOG = logging.getLogger(__name__)


class LiveIndex:
    """The live generation of one collection, for many threads.

    The pointer is re-read at most once a second. Segments that the old and the new generation share stay open;
    the others are closed when the last reader of the old generation has finished.
    """

    def __init__(self, folder: IndexFolder, embedder: str) -> None:
        """Open the live generation.

        Args:
            folder: where the index lies.
            embedder: the embedder that questions will be embedded with (``ingest.embed.identify``).

        Raises:
            IndexUnusableError: there is no index, or it was built by another embedder or layout.
        """
        self._folder = folder
        self._embedder = embedder
        self._lock = threading.Lock()
        self._held = threading.local()
        self._readers: dict[str, int] = {}
        self._open: dict[str, Segment] = {}
        self._stale: dict[str, Generation] = {}
        self._next_poll = 0.0
        self._current = self._load(self._live_name())

    @contextmanager
    def reading(self) -> Iterator[Generation]:
        """The generation that is live now; it stays open until the block ends.

        A block inside another of the same thread gets the outer one's generation, so that one answer is of one piece.
        """
        held: Generation | None = getattr(self._held, "generation", None)
        if held is not None:
            yield held
            return
        with self._lock:
            self._follow()
            generation = self._current
            name = generation.manifest.name
            self._readers[name] = self._readers.get(name, 0) + 1
        self._held.generation = generation
        try:
            yield generation
        finally:
            self._held.generation = None
            with self._lock:
                self._readers[name] -= 1
                self._close_unused()

    def close(self) -> None:
        """Close all segments; nothing may be read afterwards."""
        with self._lock:
            for segment in self._open.values():
                segment.close()
            self._open.clear()

    def _follow(self) -> None:
        now = time.monotonic()
        if now < self._next_poll:
            return
        self._next_poll = now + POLL_SECONDS
        try:
            name = self._live_name()
            if name == self._current.manifest.name:
                return
            newer = self._load(name)
        except (IndexUnusableError, OSError) as error:
            _LOG.warning("The new index can't be used, answers go on from the one before: %s", error)
            return
        self._stale[self._current.manifest.name] = self._current
        self._current = newer
        self._close_unused()

    def _live_name(self) -> str:
        name = self._folder.live_name()
        if name is None:
            raise IndexUnusableError(
                f"There is no index at {self._folder.root} yet. Build it with: ketamine-answers ingest"
            )
        return name

    def _load(self, name: str) -> Generation:
        manifest = self._folder.manifest(name)
        if manifest.embedder != self._embedder:
            raise IndexUnusableError(
                f"The index at {self._folder.root} was built by the embedder '{manifest.embedder}', the settings name "
                f"'{self._embedder}'. Build it anew with: ketamine-answers ingest --rebuild"
            )
        with damage_explained(self._folder.root):
            for segment in manifest.segments:
                if segment not in self._open:
                    self._open[segment] = Segment(self._folder.segment(segment))
            segments = [self._open[segment] for segment in manifest.segments]
            return Generation(manifest, segments, self._folder.generation(name))

    def _close_unused(self) -> None:
        for name in [name for name in self._stale if not self._readers.get(name)]:
            del self._stale[name]
            self._readers.pop(name, None)
        wanted = {segment for g in (self._current, *self._stale.values()) for segment in g.manifest.segments}
        for name in [name for name in self._open if name not in wanted]:
            self._open.pop(name).close()


class LateIndex:
    """A live index that may come to be while the program runs; safe to share between threads."""

    def __init__(self, folder: IndexFolder, embedder: str) -> None:
        """Open the index if there is one; the arguments and what is raised are those of ``LiveIndex``."""
        self._folder = folder
        self._embedder = embedder
        self._lock = threading.Lock()
        self._next_look = 0.0
        self._index = self._opened()

    def get(self) -> LiveIndex | None:
        """The index; None until there is one, which is looked for at most once a second."""
        if self._index is None:
            with self._lock:
                self._look()
        return self._index

    def close(self) -> None:
        """Close it; nothing may be read afterwards."""
        if self._index:
            self._index.close()

    def _look(self) -> None:
        now = time.monotonic()
        if self._index is not None or now < self._next_look:
            return
        self._next_look = now + POLL_SECONDS
        try:
            self._index = self._opened()
        except (IndexUnusableError, OSError) as error:
            _LOG.warning("The new index can't be used, answers go on without it: %s", error)

    def _opened(self) -> LiveIndex | None:
        return LiveIndex(self._folder, self._embedder) if self._folder.live_name() else None
