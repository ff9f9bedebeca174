"""Documents of the desk: uploaded, fetched or written, reviewed, approved by a second person, withdrawn.

The database is the truth: what is approved stands in it as the very file that is published (``desk.publishing`` lays
the files out and has them indexed), so that a process killed at any moment loses nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from desk import audit
from desk.database import Database
from desk.document_review import FACTS, Check, DocumentError, Review, checked, cut, meta_of, rendered, review, titles
from desk.fetch import Fetcher
from desk.models import Document, User, now
from desk.users import allows
from ingest.corpus import desk_folder
from ingest.load import Extract, UnusableFileError, parse_matter
from ingest.load.apart import read_apart
from ingest.schema import SourceMeta
from ingest.suspect import refused
from settings import Settings

LONGEST_FACTS = 20_000
ORPHAN_SECONDS = 3600.0
"""Age from which an uploaded file that no document names is deleted, in seconds."""

_UNSAFE = re.compile(r"[^a-z0-9]+")


class DuplicateError(DocumentError):
    """The same content is here already: ``document`` holds it."""

    def __init__(self, document: Document) -> None:
        title, day = document.matter["title"], document.uploaded_at.date().isoformat()
        super().__init__(f"This is here already: “{title}”, {document.status}, from {document.uploaded_by} on {day}.")
        self.document = document


class ChangedDocumentError(DocumentError):
    """Somebody else changed the document since it was opened."""


class Documents:
    """The documents. Everything that changes one needs the role ``editor``."""

    def __init__(self, database: Database, settings: Settings, check: Check) -> None:
        self._database, self._check = database, check
        self._second_person, self._clinic = settings.faq_second_person, settings.clinic_name
        self.uploads = desk_folder(settings, "documents").parent / "uploads"

    def all(self) -> Sequence[Document]:
        """All documents without their text, the newest first."""
        with self._database.reading() as session:
            return session.scalars(select(Document).order_by(Document.id.desc())).all()

    def get(self, id: int) -> Document:
        """One document with its text; raises ``DocumentError`` when there is none."""
        with self._database.reading() as session:
            return _get(session, id)

    def review(self, document: Document) -> Review:
        """What staff should know of a document before they approve it."""
        return review(document, self._check)

    def upload(self, name: str, data: bytes, user: User, address: str | None = None) -> Document:
        """Take in a file: read it in a process of its own, keep the original, and wait for a review.

        Raises:
            DocumentError: it can't be read or isn't what its name says, or the user may only read.
            DuplicateError: the same content is here already.
        """
        _check_editor(user)
        name = PurePath(name.replace("\\", "/")).name[-150:]
        digest = hashlib.sha256(data).hexdigest()
        with self._database.reading() as session:
            _refuse_duplicate(session, digest)
        extract = _read(name, data)
        matter = self._matter(name, extract, address)
        self._keep(f"{matter['id']}{PurePath(name).suffix.lower()}", data)
        notes = [[problem.message, problem.suspicious] for problem in extract.problems]
        document = Document(name=name, address=address, sha256=digest, matter=matter, notes=notes)
        document.pages = list(extract.pages)
        return self._add(document, user)

    def from_address(self, url: str, user: User, fetcher: Fetcher | None = None) -> Document:
        """Fetch a document from a public address and take it in; raises what ``upload`` does and ``FetchError``."""
        _check_editor(user)
        found = (fetcher or Fetcher()).fetch(url)
        return self.upload(found.name, found.data, user, found.url)

    def write_facts(self, title: str, lines: str, topics: Sequence[str], user: User) -> Document:
        """Add practical facts of the clinic, one a line.

        Raises:
            DocumentError: no title, no facts or too many, or the user may only read.
            DuplicateError: the same facts are here already.
        """
        _check_editor(user)
        page = _facts(lines)
        own = {"title": title.strip(), "kind": FACTS, "topics": list(topics), "publisher": self._clinic}
        matter = checked({**own, "id": _new_id("clinic", title), "authors": self._clinic})
        digest = hashlib.sha256(page.encode()).hexdigest()
        document = Document(name=title.strip()[:200], sha256=digest, matter=matter, pages=[page])
        return self._add(document, user)

    def change_matter(self, id: int, lock: int, fields: dict[str, Any], user: User) -> None:
        """Correct metadata.

        Raises:
            DocumentError: a field doesn't fit, the document was withdrawn, or the user may only read.
            ChangedDocumentError: somebody else changed it since ``lock`` was read.
        """
        with self._changing(id, lock, user, "metadata changed") as document:
            document.matter = checked({**document.matter, **fields, "id": document.source_id})

    def change_page(self, id: int, lock: int, number: int, text: str, user: User) -> None:
        """Correct the text of a page (from 1); raises what ``change_matter`` does."""
        with self._changing(id, lock, user, "text changed") as document:
            document.pages = [text.strip() if at == number else page for at, page in enumerate(document.pages, start=1)]

    def change_facts(self, id: int, lock: int, title: str, lines: str, user: User) -> None:
        """Correct the clinic's facts, which are live as they were until this is approved; raises as above."""
        page = _facts(lines)
        with self._changing(id, lock, user, "facts changed") as document:
            document.pages = [page]
            document.matter = checked({**document.matter, "title": title.strip()})
            document.sha256 = hashlib.sha256(page.encode()).hexdigest()

    def cut(self, id: int, lock: int, keys: Sequence[str], user: User) -> None:
        """Cut suspicious passages out, with the paragraphs they stand in; raises what ``change_matter`` does."""
        with self._changing(id, lock, user, "passages cut") as document:
            meta = meta_of(document)
            document.pages = [cut(page, keys, meta) for page in document.pages]

    def tick(self, id: int, keys: Sequence[str], user: User) -> None:
        """Let suspicious passages pass; raises ``DocumentError`` when the user may only read."""
        _check_editor(user)
        with self._database.writing() as session:
            document = _get(session, id)
            document.ticked = list(dict.fromkeys([*document.ticked, *keys]))
            audit.log(session, user.name, "passages ticked", ("document", document.source_id), after={"keys": keys})

    def approve(self, id: int, lock: int, user: User) -> None:
        """Approve a document as it stands; it is live once it is published.

        Raises:
            DocumentError: it isn't waiting for approval, something suspicious is left, it holds a medical claim among
                practical facts, the user wrote it (where a second person is asked for), or may only read.
            ChangedDocumentError: somebody else changed it since ``lock`` was read.
        """
        _check_editor(user)
        document = self.get(id)
        if self._second_person and user.name in document.authors:
            raise DocumentError("What you uploaded or changed needs the approval of somebody else.")
        if blockers := self.review(document).blockers:
            raise DocumentError(" ".join(blockers))
        with self._database.writing() as session:
            document = _fresh(session, id, lock)
            if document.status not in ("uploaded", "failed"):
                raise DocumentError(
                    f"“{document.matter['title']}” isn't waiting for approval: it is {document.status}."
                )
            document.live_text, document.reason = rendered(document), None
            document.approved_by, document.approved_at, document.authors = user.name, now(), []
            _pass_to(session, document, "approved", user.name)

    def withdraw(self, id: int, user: User) -> None:
        """Take a document out of the answers; raises ``DocumentError`` when it was, or the user may only read."""
        _check_editor(user)
        with self._database.writing() as session:
            document = _get(session, id)
            if document.status == "withdrawn":
                raise DocumentError(f"“{document.matter['title']}” was withdrawn already.")
            document.live_text = None
            _pass_to(session, document, "withdrawn", user.name)

    def clear_orphans(self) -> None:
        """Delete uploaded files whose document was never stored, since the process ended in between."""
        with self._database.reading() as session:
            known = set(session.scalars(select(Document.source_id)))
        for path in self.uploads.glob("*"):
            with suppress(OSError):
                if path.stem not in known and time.time() - path.stat().st_mtime > ORPHAN_SECONDS:
                    path.unlink()

    def _matter(self, name: str, extract: Extract, address: str | None) -> dict[str, Any]:
        """Metadata to begin with: a file's own front matter, else its first heading, its title or its name."""
        given: dict[str, Any] = {}
        if extract.matter is not None:
            given = _own_matter(name, extract.matter)
        stem = PurePath(name).stem
        named = (
            extract.title if PurePath(extract.title).suffix.lower() not in (".pdf", ".doc", ".docx", ".html") else ""
        )
        guess = next(filter(None, (named, *titles(extract.pages[:1]), stem.replace("_", " "))), stem)
        matter = {"title": guess[:600], **({"url": address} if address else {}), **given}
        return checked({**matter, "id": _new_id("doc", str(matter["title"]))})

    def _keep(self, name: str, data: bytes) -> None:
        self.uploads.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self.uploads / name, data)

    def _add(self, document: Document, user: User) -> Document:
        document.source_id, document.status = document.matter["id"], "uploaded"
        document.uploaded_by, document.uploaded_at, document.authors = user.name, now(), [user.name]
        document.notes, document.ticked, document.lock = document.notes or [], [], 1
        with self._database.writing() as session:
            _refuse_duplicate(session, document.sha256)
            session.add(document)
            session.flush()
            audit.log(session, user.name, "uploaded", ("document", document.source_id), after=_told(document))
        return document

    @contextmanager
    def _changing(self, id: int, lock: int, user: User, what: str) -> Iterator[Document]:
        """A change of text or metadata: it waits for approval, and whoever made it is one of its authors."""
        _check_editor(user)
        with self._database.writing() as session:
            document = _fresh(session, id, lock)
            if document.status == "withdrawn":
                raise DocumentError("This document was withdrawn. Upload it again to change it.")
            before = _told(document)
            yield document
            document.lock, document.status, document.reason = document.lock + 1, "uploaded", None
            document.authors = list(dict.fromkeys([*document.authors, user.name]))
            target = ("document", document.source_id)
            audit.log(session, user.name, what, target, before=before, after=_told(document))


def write_private(path: Path, data: bytes) -> None:
    """Put a file in place in one step, on disk and readable by its owner only."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _read(name: str, data: bytes) -> Extract:
    if not data.strip():
        raise DocumentError(f"“{name}” is empty.")
    try:
        return read_apart(name, data)
    except UnusableFileError as error:
        raise DocumentError(f"“{name}” {error.problem.message}.") from error


def _own_matter(name: str, matter: str) -> dict[str, Any]:
    """A file's own front matter, without what could take another source's place."""
    path = Path(name)
    try:
        if problem := refused(path, matter, first_line=2):
            raise UnusableFileError(problem)
        meta = parse_matter(path, matter, SourceMeta)
    except UnusableFileError as error:
        raise DocumentError(str(error.problem)) from error
    return meta.model_dump(mode="json", exclude_defaults=True, exclude={"id", "aliases", "filled_in", "provenance"})


def _is_file_name(title: str) -> bool:
    return re.search(r"\.\w{2,5}$", title) is not None


def _facts(lines: str) -> str:
    """Facts as bullets, one a line."""
    facts = [fact for line in lines.splitlines() if (fact := line.strip().lstrip("-*•# ").strip())]
    if not facts:
        raise DocumentError("Write at least one fact, one a line.")
    if sum(map(len, facts)) > LONGEST_FACTS:
        raise DocumentError(f"These are more than {LONGEST_FACTS:,} characters: make several lists.")
    return "\n".join(f"- {fact}" for fact in facts)


def _new_id(start: str, title: str) -> str:
    slug = _UNSAFE.sub("-", title.lower()).strip("-")[:60].strip("-")
    return "-".join(filter(None, (start, slug, secrets.token_hex(3))))


def _refuse_duplicate(session: Session, digest: str) -> None:
    same = select(Document).where(Document.sha256 == digest, Document.status != "withdrawn").limit(1)
    if found := session.scalar(same):
        session.expunge(found)
        raise DuplicateError(found)


def _get(session: Session, id: int) -> Document:
    wanted = select(Document).where(Document.id == id).options(undefer(Document.pages), undefer(Document.live_text))
    document = session.scalar(wanted)
    if document is None:
        raise DocumentError(f"There is no document {id}.")
    return document


def _fresh(session: Session, id: int, lock: int) -> Document:
    document = _get(session, id)
    if document.lock != lock:
        raise ChangedDocumentError("Somebody else has changed this document since you opened it: look at it again.")
    return document


def _pass_to(session: Session, document: Document, status: str, who: str) -> None:
    before, document.status = document.status, status
    document.lock += 1
    target = ("document", document.source_id)
    audit.log(session, who, status, target, before={"status": before}, after={"status": status})


def _told(document: Document) -> dict[str, Any]:
    """What the audit log holds of a document: its metadata and a digest of its text."""
    text = hashlib.sha256("\f".join(document.pages).encode()).hexdigest()[:12]
    return {"status": document.status, "matter": document.matter, "text": text}


def _check_editor(user: User) -> None:
    if not allows(user, "editor"):
        raise DocumentError(f"“{user.name}” may read here, not change anything: ask an admin for the role editor.")
