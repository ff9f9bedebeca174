"""Bring what staff approved into the chat: files of the live entries in the desk's folder, then an ingest.

The database is the truth. Whatever stops a publication, the next one, or the next start, completes it.
"""

from __future__ import annotations

import fcntl
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy.exc import SQLAlchemyError

from desk.database import Database
from desk.faq import live_texts
from desk.models import now
from errors import OperatorError
from ingest.corpus import FAQ, desk_folder, ingest_paths
from ingest.embed import Embedder
from ingest.generation import write_atomically
from ingest.index import IndexBusyError, Summary
from settings import Settings

WAIT_SECONDS = 300.0
"""Longest wait for an ingest that somebody else started."""

_ASK_AGAIN = 0.5
_UNFINISHED = "unfinished"
_LOG = logging.getLogger("ketamine_answers")


class Publisher:
    """Publishes for one collection; safe to share between threads, and with other processes' publishers."""

    def __init__(self, settings: Settings, database: Database, embed: Callable[[], Embedder]) -> None:
        """``embed`` gives the loaded embedder; it is called only when something must be embedded."""
        self._settings, self._database, self._embed = settings, database, embed
        self._folder = desk_folder(settings, FAQ)

    def publish(self) -> Summary:
        """Make the live entries of the database, and the desk's documents, what questions are answered from.

        One publication at a time: a second one waits, then publishes what is live by then.

        Raises:
            DatabaseError: the database can't be reached.
            IngestError: the index can't be written, or another ingest didn't finish in ``WAIT_SECONDS``.
            IndexUnusableError: the index was built by another embedder or layout.
        """
        with self._alone():
            # Before the first file changes: from here until the index has switched, a stop leaves work to be done.
            self._mark.touch()
            self._lay_out(live_texts(self._database))
            summary = self._ingest()
            self._mark.unlink(missing_ok=True)
        return summary

    def is_complete(self) -> bool:
        """Whether the last publication ended, and the folder holds what the database calls live.

        Raises:
            DatabaseError: the database can't be reached.
        """
        return not self._mark.exists() and live_texts(self._database) == self._laid_out()

    @property
    def _mark(self) -> Path:
        return self._folder.parent / _UNFINISHED

    def _laid_out(self) -> dict[str, str]:
        return {path.stem: path.read_text(encoding="utf-8") for path in self._folder.glob("*.md")}

    def _lay_out(self, live: dict[str, str]) -> None:
        """Make the folder hold exactly the live entries; each file is replaced whole."""
        self._folder.mkdir(parents=True, exist_ok=True)
        there = self._laid_out()
        for id, content in live.items():
            if there.get(id) != content:
                write_atomically(self._folder / f"{id}.md", content)
        for id in there.keys() - live.keys():
            (self._folder / f"{id}.md").unlink()

    def _ingest(self) -> Summary:
        end = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                return ingest_paths(self._settings, [], self._embed)
            except IndexBusyError:
                if time.monotonic() > end:
                    raise
                time.sleep(_ASK_AGAIN)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else publishes here meanwhile, in this process or another one; the lock ends with the process."""
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        with (self._folder.parent / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


@dataclass(frozen=True, slots=True)
class State:
    """Where a publication stands; ``at`` is when it came to that, ``problem`` why it failed."""

    phase: Literal["idle", "running", "done", "failed"] = "idle"
    at: datetime | None = None
    problem: str = ""


class Background:
    """Publishes in a thread of its own. What is asked for while it runs is published in one run more."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._lock = threading.Lock()
        self._wanted = False
        self._thread: threading.Thread | None = None
        self._state = State()

    @property
    def state(self) -> State:
        """Where the last publication stands."""
        return self._state

    def start(self) -> None:
        """Publish; returns at once."""
        with self._lock:
            self._wanted = True
            self._state = State("running", now())
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="desk-publish")
                self._thread.start()

    def complete(self) -> None:
        """Publish if the last publication was stopped before its end; looks in a thread, and returns at once."""
        threading.Thread(target=self._complete, name="desk-publish-check", daemon=True).start()

    def wait(self, seconds: float = WAIT_SECONDS) -> State:
        """The state when the publication has ended, or after ``seconds``."""
        thread = self._thread
        if thread:
            thread.join(seconds)
        return self._state

    def _complete(self) -> None:
        try:
            if not self._publisher.is_complete():
                self.start()
        except (OperatorError, SQLAlchemyError, OSError) as error:
            _LOG.error("Whether everything approved is published can't be told: %s", _in_a_line(error))

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._wanted:
                    self._thread = None
                    return
                self._wanted = False
            state = self._once()
            with self._lock:
                self._state = State("running", now()) if self._wanted else state

    def _once(self) -> State:
        try:
            self._publisher.publish()
        except (OperatorError, SQLAlchemyError, OSError) as error:
            _LOG.error("What was approved is not published yet: %s", _in_a_line(error))
            return State("failed", now(), _in_a_line(error))
        except Exception as error:
            _LOG.exception("What was approved is not published yet.")
            return State("failed", now(), type(error).__name__)
        return State("done", now())


def background(settings: Settings, database: Database, embed: Callable[[], Embedder]) -> Background:
    """The one publisher of this process for these settings and this database."""
    key = (settings.data_dir, settings.collection, str(database))
    with _Shelf.lock:
        if key not in _Shelf.found:
            _Shelf.found[key] = Background(Publisher(settings, database, embed))
        return _Shelf.found[key]


class _Shelf:
    lock = threading.Lock()
    found: dict[tuple[Path, str, str], Background] = {}  # noqa: RUF012 - one for the process


def _in_a_line(error: Exception) -> str:
    """An operator's sentence as it is; of a database's error only its kind, since the rest may hold a password."""
    return str(error) if isinstance(error, OperatorError | OSError) else type(error).__name__
