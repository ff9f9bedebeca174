"""FAQ entries of the desk: drafts with versions, approved by a second person, rolled back, imported and exported."""

from __future__ import annotations

import difflib
import secrets
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from desk import audit
from desk.database import Database
from desk.models import FaqCovers, FaqRecord, FaqVersion, Kept, User, now
from desk.users import allows
from errors import OperatorError
from ingest.faq import FaqEntry, read_entry
from ingest.load import UnusableFileError

Check = Callable[[FaqEntry], Sequence[str]]
"""What is wrong with an entry's sentences, held against their sources."""


class FaqError(OperatorError):
    """Something can't be done with an entry; the message says why."""


class ChangedMeanwhileError(FaqError):
    """Somebody else saved the entry first: ``newest`` is what they wrote, to be merged."""

    def __init__(self, newest: FaqVersion, lock: int) -> None:
        """``lock`` is what ``save`` must be given back once the newest version was read."""
        super().__init__(f"{newest.author} has changed this entry since you opened it (version {newest.number}).")
        self.newest, self.lock = newest, lock


@dataclass(frozen=True, slots=True)
class Stand:
    """An entry: what ``save`` must be given back, the number of the live version, all versions, the newest first."""

    lock: int
    live: int | None
    versions: tuple[FaqVersion, ...]


class FaqDesk:
    """The entries. Writing and approving need the role ``editor``."""

    def __init__(self, database: Database, check: Check, *, second_person: bool) -> None:
        self._database, self._check, self._second_person = database, check, second_person

    def lock(self, id: str) -> int:
        """What ``save`` must be given back, to notice that somebody else saved in between; 0 for a new entry."""
        with self._database.reading() as session:
            entry = session.get(FaqRecord, id)
            return entry.lock if entry else 0

    def versions(self, id: str) -> Sequence[FaqVersion]:
        """All versions of an entry, the newest first."""
        with self._database.reading() as session:
            wanted = select(FaqVersion).where(FaqVersion.entry_id == id)
            return session.scalars(wanted.order_by(FaqVersion.number.desc())).all()

    def live(self) -> dict[str, str]:
        """The live text of each entry that has one, by its id."""
        return live_texts(self._database)

    def stand(self, id: str) -> Stand:
        """Everything there is of an entry, of one moment."""
        with self._database.reading() as session:
            entry = session.get(FaqRecord, id)
            wanted = select(FaqVersion).where(FaqVersion.entry_id == id).order_by(FaqVersion.number.desc())
            found = tuple(session.scalars(wanted))
            return Stand(entry.lock, entry.live_version, found) if entry else Stand(0, None, ())

    def save(self, content: str, lock: int, user: User, covers: Sequence[int] = ()) -> FaqVersion:
        """Add a draft: the text of a file of ``corpus/faq``, whose ``id`` names the entry.

        ``covers`` are kept questions that are marked covered when the entry next goes live.

        Raises:
            FaqError: not the text of an entry, or the user may only read.
            ChangedMeanwhileError: the entry was saved since ``lock`` was read.
        """
        _check_editor(user)
        id = parse(content).meta.id
        with self._database.writing() as session:
            entry = session.get(FaqRecord, id, with_for_update=True)
            newest = _newest(session, id)
            if newest and entry and entry.lock != lock:
                session.expunge(newest)
                raise ChangedMeanwhileError(newest, entry.lock)
            version = _add(session, id, content, user, "draft")
            for kept in session.scalars(select(Kept).where(Kept.id.in_(covers))):
                session.merge(FaqCovers(entry_id=id, kept_id=kept.id))
            return version

    def submit(self, id: str, number: int, user: User) -> None:
        """Hand a draft in for approval.

        Raises:
            FaqError: no such draft, a sentence that its sources don't support, or the user may only read.
        """
        self._pass_on(id, number, user, "draft", "submitted")

    def approve(self, id: str, number: int, user: User) -> None:
        """Make a submitted version the live one, by somebody else than its author where that is set.

        Raises:
            FaqError: it isn't submitted, is the user's own, fails its checks by now, or the user may only read.
        """
        self._pass_on(id, number, user, "submitted", "approved")

    def roll_back(self, id: str, number: int, user: User) -> None:
        """Make a version that was approved before the live one again.

        Raises:
            FaqError: it was never approved, or the user may only read.
        """
        _check_editor(user)
        with self._database.writing() as session:
            version = _get(session, id, number, "approved")
            _make_live(session, version, user, "rolled back")

    def withdraw(self, id: str, user: User) -> None:
        """Take the live version off; where the corpus has an entry of this id, that one answers again.

        Raises:
            FaqError: the entry isn't live, or the user may only read.
        """
        _check_editor(user)
        with self._database.writing() as session:
            entry = session.get(FaqRecord, id, with_for_update=True)
            if entry is None or entry.live_version is None:
                raise FaqError(f"“{id}” isn't live, so it can't be taken off.")
            before, entry.live_version = entry.live_version, None
            audit.log(session, user.name, "withdrawn", ("faq", id), before={"version": before}, after={"version": None})

    def diff(self, id: str, older: int, newer: int) -> str:
        """What changed between two versions, as a unified diff; empty when nothing did."""
        with self._database.reading() as session:
            old, new = (_get(session, id, number).content.splitlines() for number in (older, newer))
        return "\n".join(difflib.unified_diff(old, new, f"version {older}", f"version {newer}", lineterm=""))

    def export(self, folder: Path) -> int:
        """Write the live entries to a folder, one file each, whole or not at all: how many."""
        folder.mkdir(parents=True, exist_ok=True)
        entries = self.live()
        for id, content in entries.items():
            part = folder / f".{id}.{secrets.token_hex(4)}"
            part.write_text(content, encoding="utf-8")
            part.replace(folder / f"{id}.md")
        return len(entries)

    def bring_in(self, folder: Path, user: User) -> int:
        """Take the files of a folder as approved: how many were new or had changed. All of them or none.

        Raises:
            FaqError: a file isn't an entry (the message names it), or the user is no admin.
        """
        if not allows(user, "admin"):
            raise FaqError(f"“{user.name}” may not import entries: that needs the role admin.")
        texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md")) if read(path)]
        count = 0
        with self._database.writing() as session:
            for content in texts:
                id = parse(content).meta.id
                if _live_content(session, id) != content:
                    _make_live(session, _add(session, id, content, user, "approved"), user, "imported")
                    count += 1
        return count

    def _pass_on(self, id: str, number: int, user: User, old: str, new: str) -> None:
        _check_editor(user)
        with self._database.writing() as session:
            version = _get(session, id, number, old)
            if new == "approved" and self._second_person and version.author == user.name:
                raise FaqError("Your own version needs the approval of somebody else.")
            if problems := self._check(parse(version.content)):
                raise FaqError(" ".join(problems))
            version.state = new
            if new == "approved":
                _make_live(session, version, user, new)
            else:
                audit.log(session, user.name, new, ("faq", id), after={"version": number})


def live_texts(database: Database) -> dict[str, str]:
    """The live text of each entry that has one, by its id."""
    joined = (FaqRecord.id == FaqVersion.entry_id) & (FaqRecord.live_version == FaqVersion.number)
    with database.reading() as session:
        rows = session.execute(select(FaqRecord.id, FaqVersion.content).join(FaqVersion, joined))
        return {row.id: row.content for row in rows}


def newest_versions(database: Database) -> dict[str, tuple[FaqVersion, int | None]]:
    """The newest version of each entry and the number of its live one, by the entry's id."""
    latest = select(FaqVersion.entry_id, func.max(FaqVersion.number).label("number")).group_by(FaqVersion.entry_id)
    last = latest.subquery()
    is_last = (FaqVersion.entry_id == last.c.entry_id) & (FaqVersion.number == last.c.number)
    wanted = select(FaqVersion, FaqRecord.live_version).join(last, is_last)
    with database.reading() as session:
        rows = session.execute(wanted.join(FaqRecord, FaqRecord.id == FaqVersion.entry_id)).all()
        return {row[0].entry_id: (row[0], row[1]) for row in rows}


def parse(content: str) -> FaqEntry:
    """The entry that a text holds.

    Raises:
        FaqError: it isn't the text of an entry; the message names line and field.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "entry.md"
        path.write_text(content, encoding="utf-8")
        try:
            return read_entry(path)
        except UnusableFileError as error:
            line = f"line {error.problem.line}" if error.problem.line else ""
            place = ", ".join(filter(None, (line, error.problem.field or "")))
            raise FaqError(f"{place or 'entry'}: {error.problem.message}") from error


def read(path: Path) -> FaqEntry:
    """The entry of a file; raises ``FaqError`` with its name when it isn't one."""
    try:
        return read_entry(path)
    except UnusableFileError as error:
        raise FaqError(str(error.problem)) from error


def _add(session: Session, id: str, content: str, user: User, state: str) -> FaqVersion:
    entry = session.get(FaqRecord, id)
    if entry is None:
        entry = FaqRecord(id=id, lock=0)
        session.add(entry)
    entry.lock += 1
    number = (session.scalar(select(func.max(FaqVersion.number)).where(FaqVersion.entry_id == id)) or 0) + 1
    version = FaqVersion(entry_id=id, number=number, content=content, state=state, author=user.name, at=now())
    session.add(version)
    session.flush()
    audit.log(session, user.name, "saved", ("faq", id), after={"version": number})
    return version


def _make_live(session: Session, version: FaqVersion, user: User, what: str) -> None:
    entry = session.get_one(FaqRecord, version.entry_id)
    before, entry.live_version = entry.live_version, version.number
    if version.approved_by is None:
        version.approved_by, version.approved_at = user.name, now()
    after = {"version": version.number}
    audit.log(session, user.name, what, ("faq", entry.id), before={"version": before}, after=after)
    _mark_covered(session, entry.id, user)


def _mark_covered(session: Session, id: str, user: User) -> None:
    """The kept questions that the entry was written for are answered from now on."""
    mine = FaqCovers.entry_id == id
    wanted = select(Kept).join(FaqCovers, FaqCovers.kept_id == Kept.id).where(mine, Kept.status != "covered")
    for kept in session.scalars(wanted.order_by(Kept.id).with_for_update(of=Kept)).all():
        before, kept.status = kept.status, "covered"
        status = {"before": {"status": before}, "after": {"status": kept.status}}
        audit.log(session, user.name, "status set", ("kept", kept.id), **status)
    session.execute(delete(FaqCovers).where(mine))


def _live_content(session: Session, id: str) -> str | None:
    entry = session.get(FaqRecord, id)
    live = session.get(FaqVersion, (id, entry.live_version)) if entry and entry.live_version else None
    return live.content if live else None


def _newest(session: Session, id: str) -> FaqVersion | None:
    wanted = select(FaqVersion).where(FaqVersion.entry_id == id).order_by(FaqVersion.number.desc()).limit(1)
    return session.scalar(wanted)


def _get(session: Session, id: str, number: int, state: str | None = None) -> FaqVersion:
    version = session.get(FaqVersion, (id, number))
    if version is None or (state and version.state != state):
        raise FaqError(f"“{id}” has no version {number}" + (f" that is {state}." if state else "."))
    return version


def _check_editor(user: User) -> None:
    if not allows(user, "editor"):
        raise FaqError(f"“{user.name}” may read here, not change anything: ask an admin for the role editor.")
