"""Publish approved documents: lay their files out as the database says, have them indexed, and note what is live.

Every step may be repeated, so a process killed in between is completed by the next one that publishes.
"""

from __future__ import annotations

import fcntl
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from desk import audit
from desk.database import Database
from desk.documents import write_private
from desk.models import Document
from errors import OperatorError
from ingest.corpus import desk_folder
from ingest.generation import IndexFolder, IndexUnusableError
from ingest.index import IngestError
from settings import Settings

ATTEMPTS = 5
WAIT_SECONDS = 2.0
"""How often, and after how long a wait, publishing is tried while another ingest is running."""

WHO = "publishing"
_LOG = logging.getLogger("ketamine_answers")
_SHELF: dict[str, Publishing] = {}
_SHELF_LOCK = threading.Lock()
Snapshot = dict[int, int]
"""The documents that files were laid out for: id → lock."""


@dataclass(slots=True)
class Job:
    """How publishing goes: ``stage`` with ``done`` of ``total``; ``error`` when it ended badly."""

    stage: str = "files"
    done: int = 0
    total: int = 0
    error: str = ""
    finished: threading.Event = field(default_factory=threading.Event)

    def report(self, stage: str, done: int, total: int) -> None:
        """Note progress."""
        self.stage, self.done, self.total = stage, done, total


class Publishing:
    """Publishes one collection's documents, one run at a time, in a thread of its own."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._database = database
        self._folder = desk_folder(settings, "documents")
        self._index = IndexFolder(settings.data_dir / settings.collection)
        self._lock = threading.Lock()
        self._again = False
        self.job: Job | None = None

    def start(self, publish: Callable[[], object]) -> Job:
        """Publish in the background; a run that goes on already is followed by another one."""
        with self._lock:
            if self.job and not self.job.finished.is_set():
                self._again = True
                return self.job
            self.job = Job()
            threading.Thread(target=self._run, args=(publish,), daemon=True, name="publishing").start()
            return self.job

    def report(self, stage: str, done: int, total: int) -> None:
        """Note progress of the run that goes on; what ``ingest_paths`` calls."""
        if self.job:
            self.job.report(stage, done, total)

    def resume(self, publish: Callable[[], object]) -> Job | None:
        """Complete what an earlier process left unfinished; None when nothing was, or a run goes on."""
        running = self.job is not None and not self.job.finished.is_set()
        return None if running or not self.unfinished() else self.start(publish)

    def unfinished(self) -> bool:
        """Whether an approved document isn't live yet, or a withdrawn one still is."""
        live = self._live()
        with self._database.reading() as session:
            rows = session.execute(
                select(Document.source_id, Document.status).where(Document.status.in_(("approved", "withdrawn")))
            ).all()
        return any(status == "approved" or source_id in live for source_id, status in rows)

    def run(self, publish: Callable[[], object], job: Job | None = None) -> None:
        """Publish now.

        Raises:
            OperatorError: it can't be published; what was approved is marked so, with the reason.
        """
        job = job or Job()
        laid_out = self.lay_out()
        job.report("indexing", 0, 0)
        try:
            self._attempt(publish)
        except OperatorError as error:
            self._note_failure(laid_out, str(error))
            raise
        self.settle(laid_out)
        job.report("live", 1, 1)

    def lay_out(self) -> Snapshot:
        """Make the folder hold exactly the approved files."""
        with self._folder_locked():
            with self._database.reading() as session:
                columns = (Document.id, Document.lock, Document.source_id, Document.live_text)
                rows = session.execute(select(*columns).where(Document.status != "uploaded")).all()
                waiting = select(Document.source_id, Document.live_text).where(Document.status == "uploaded")
                wanted = {row.source_id: row.live_text for row in (*rows, *session.execute(waiting)) if row.live_text}
            for source_id, text in wanted.items():
                path = self._folder / f"{source_id}.md"
                if not path.exists() or path.read_text(encoding="utf-8") != text:
                    write_private(path, text.encode())
            for path in self._folder.iterdir():
                if path.name != ".lock" and (path.suffix != ".md" or path.stem not in wanted):
                    path.unlink()
        return {row.id: row.lock for row in rows}

    def settle(self, laid_out: Snapshot) -> None:
        """Note which of the documents are live now, as the index says; those changed meanwhile are left alone."""
        live = self._live()
        with self._database.writing() as session:
            for document in session.scalars(select(Document).where(Document.status.in_(("approved", "failed")))):
                if laid_out.get(document.id) != document.lock:
                    continue
                if document.source_id in live:
                    _mark(session, document, "live", None)
                elif document.status == "approved":
                    _mark(session, document, "failed", "The index left it out: ketamine-answers ingest tells why.")

    def _run(self, publish: Callable[[], object]) -> None:
        job = self.job
        assert job is not None
        try:
            self.run(publish, job)
        except (OperatorError, SQLAlchemyError, OSError) as error:
            job.error = str(error)
            _LOG.error("Documents can't be published: %s", error)
        except Exception as error:
            job.error = type(error).__name__
            _LOG.exception("Documents can't be published.")
            with suppress(SQLAlchemyError, OperatorError):
                self._note_failure(None, f"It can't be published ({type(error).__name__}).")
        with self._lock:
            again, self._again = self._again, False
            job.finished.set()
        if again:
            self.start(publish)

    def _attempt(self, publish: Callable[[], object]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                publish()
                return
            except IngestError:  # another ingest is writing
                if attempt == ATTEMPTS:
                    raise
                time.sleep(WAIT_SECONDS)

    def _note_failure(self, laid_out: Snapshot | None, reason: str) -> None:
        with self._database.writing() as session:
            for document in session.scalars(select(Document).where(Document.status == "approved")):
                if laid_out is None or laid_out.get(document.id) == document.lock:
                    _mark(session, document, "failed", reason)

    def _live(self) -> set[str]:
        try:
            name = self._index.live_name()
            return set(self._index.manifest(name).sources) if name else set()
        except IndexUnusableError:
            return set()

    @contextmanager
    def _folder_locked(self) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def publishing_of(settings: Settings, database: Database) -> Publishing:
    """This process's one publisher of a collection."""
    key = f"{settings.data_dir}/{settings.collection} {database}"
    with _SHELF_LOCK:
        return _SHELF.setdefault(key, Publishing(settings, database))


def _mark(session: Session, document: Document, status: str, reason: str | None) -> None:
    before, document.status, document.reason = document.status, status, reason
    target = ("document", document.source_id)
    after = {"status": status} | ({"reason": reason} if reason else {})
    audit.log(session, WHO, status, target, before={"status": before}, after=after)
