"""The inbox: kept questions by group, with filters and pages, and what staff do with them (each in the audit log)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select, table, text
from sqlalchemy.orm import Session

from desk import audit
from desk.database import Database
from desk.models import STATUSES, Kept, Note, User, now
from desk.users import allows
from errors import OperatorError

PAGE = 25
LONGEST_NOTE = 2000
SHORTEST_INDEXED = 3
"""Characters of the shortest string that SQLite's index of strings can look up."""


class InboxError(OperatorError):
    """An action can't be done; the message says why."""


class NotAllowedError(InboxError):
    """The user's role may not do this."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; None is everything."""

    status: str | None = "open"
    reason: str | None = None
    assignee_id: int | None = None
    site: str | None = None
    language: str | None = None
    since: date | None = None
    until: date | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One group in the list: its newest question stands for it. ``group_id`` is None for one not yet grouped."""

    group_id: int | None
    count: int
    newest: Kept


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list, and how many lines and questions there are in all."""

    lines: tuple[Line, ...]
    groups: int
    questions: int


class Inbox:
    """What staff see and do. Everything that changes needs the role ``editor``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, filters: Filters | None = None, number: int = 0, size: int = PAGE) -> Page:
        """The groups with the most questions first, the newest first among equals; pages count from 0.

        Questions that have no group yet stand alone.

        Raises:
            DatabaseError: the database can't be reached.
        """
        conditions = self._conditions(filters or Filters())
        # One that isn't grouped yet is a line of its own, under a number that no group has.
        key = func.coalesce(Kept.group_id, -Kept.id).label("key")
        size_of, newest = func.count().label("size"), func.max(Kept.id).label("newest")
        groups = select(key, size_of, newest).where(*conditions).group_by(key).subquery()
        wanted = select(groups).order_by(groups.c.size.desc(), groups.c.newest.desc())
        with self._database.reading() as session:
            rows = session.execute(wanted.offset(number * size).limit(size)).all()
            totals = session.execute(select(func.count(), func.coalesce(func.sum(groups.c.size), 0))).one()
            shown = session.scalars(select(Kept).where(Kept.id.in_([row.newest for row in rows])))
            by_id = {kept.id: kept for kept in shown}
        lines = tuple(Line(by_id[r.newest].group_id, r.size, by_id[r.newest]) for r in rows if r.newest in by_id)
        return Page(lines, totals[0], int(totals[1]))

    def questions(self, line: Line, filters: Filters | None = None, number: int = 0, size: int = PAGE) -> list[Kept]:
        """The questions of one line, the newest first."""
        wanted = select(Kept).where(_belongs_to(line), *self._conditions(filters or Filters()))
        with self._database.reading() as session:
            return list(session.scalars(wanted.order_by(Kept.id.desc()).offset(number * size).limit(size)))

    def line_of(self, kept_id: int) -> Line | None:
        """The whole group of a question, whatever its status; None when the question was deleted."""
        with self._database.reading() as session:
            kept = session.get(Kept, kept_id)
            if kept is None or kept.group_id is None:
                return Line(None, 1, kept) if kept else None
            mine = Kept.group_id == kept.group_id
            count, newest = session.execute(select(func.count(), func.max(Kept.id)).where(mine)).one()
            return Line(kept.group_id, count, session.get_one(Kept, newest))

    def ids(self, line: Line) -> Sequence[int]:
        """The ids of all questions of a line, whatever their status."""
        with self._database.reading() as session:
            return session.scalars(select(Kept.id).where(_belongs_to(line)).order_by(Kept.id)).all()

    def notes(self, line: Line) -> Sequence[Note]:
        """The notes on the questions of a line, the oldest first."""
        mine = select(Kept.id).where(_belongs_to(line))
        with self._database.reading() as session:
            return session.scalars(select(Note).where(Note.kept_id.in_(mine)).order_by(Note.id)).all()

    def choices(self, field: str) -> Sequence[str]:
        """The values that ``site``, ``language`` or ``reason`` has in any question, in order."""
        column = {"site": Kept.site, "language": Kept.language, "reason": Kept.reason}[field]
        with self._database.reading() as session:
            return session.scalars(select(column).distinct().order_by(column)).all()

    def waiting(self) -> int:
        """How many questions have no group yet."""
        with self._database.reading() as session:
            return session.scalar(select(func.count()).where(Kept.group_id.is_(None))) or 0

    def set_status(self, ids: Sequence[int], status: str, user: User) -> int:
        """Mark questions ``covered``, ``out_of_scope`` or ``open`` again: how many weren't yet.

        Raises:
            InboxError: no such status.
            NotAllowedError: the user may only read.
        """
        if status not in STATUSES:
            raise InboxError(f"There is no status “{status}”: {', '.join(STATUSES)}.")
        return self._set(ids, user, "status", status)

    def assign(self, ids: Sequence[int], assignee: User | None, user: User) -> int:
        """Give questions to somebody, or to nobody: how many weren't theirs yet.

        Raises:
            InboxError: the assignee is disabled.
            NotAllowedError: the user may only read.
        """
        if assignee and assignee.disabled:
            raise InboxError(f"“{assignee.name}” is disabled: choose somebody else.")
        return self._set(ids, user, "assignee_id", assignee.id if assignee else None)

    def note(self, kept_id: int, words: str, user: User) -> None:
        """Add a note to a question.

        Raises:
            InboxError: an empty or very long note, or the question was deleted meanwhile.
            NotAllowedError: the user may only read.
        """
        check_editor(user)
        if not 1 <= len(words.strip()) <= LONGEST_NOTE:
            raise InboxError(f"A note needs 1 to {LONGEST_NOTE} characters.")
        with self._database.writing() as session:
            if session.get(Kept, kept_id) is None:
                raise InboxError("This question was deleted meanwhile.")
            note = Note(kept_id=kept_id, at=now(), who=user.name, text=words.strip())
            session.add(note)
            session.flush()
            audit.log(session, user.name, "note added", ("kept", kept_id), after={"note": note.id})

    def _conditions(self, filters: Filters) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        for field in ("status", "reason", "assignee_id", "site", "language"):
            value = getattr(filters, field)
            if value is not None:
                found.append(getattr(Kept, field) == value)
        if filters.since:
            found.append(Kept.at >= _midnight(filters.since))
        if filters.until:
            found.append(Kept.at <= _end_of(filters.until))
        words = filters.words.split()
        if self._database.is_sqlite:
            indexed = [word for word in words if len(word) >= SHORTEST_INDEXED]
            words = [word for word in words if len(word) < SHORTEST_INDEXED]
            found += [_in_index(indexed)] if indexed else []
        return [*found, *(Kept.text.icontains(word, autoescape=True) for word in words)]

    def _set(self, ids: Sequence[int], user: User, field: str, value: Any) -> int:
        check_editor(user)
        changed = 0
        with self._database.writing() as session:
            for kept in _by_ids(session, ids):
                before = getattr(kept, field)
                if before != value:
                    setattr(kept, field, value)
                    audit.log(
                        session,
                        user.name,
                        f"{field} set",
                        ("kept", kept.id),
                        before={field: before},
                        after={field: value},
                    )
                    changed += 1
        return changed


def _belongs_to(line: Line) -> ColumnElement[bool]:
    return Kept.group_id == line.group_id if line.group_id is not None else Kept.id == line.newest.id


def _in_index(words: Sequence[str]) -> ColumnElement[bool]:
    """Questions that hold all these strings, by SQLite's index of them (a table that only migrations know)."""
    wanted = " AND ".join('"' + word.replace('"', '""') + '"' for word in words)
    matches = text("kept_words MATCH :wanted").bindparams(wanted=wanted)
    return Kept.id.in_(select(literal_column("rowid")).select_from(table("kept_words")).where(matches))


def _by_ids(session: Session, ids: Sequence[int]) -> Sequence[Kept]:
    return session.scalars(select(Kept).where(Kept.id.in_(ids)).order_by(Kept.id).with_for_update()).all()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, now().tzinfo)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, now().tzinfo)


def check_editor(user: User) -> None:
    """Raises ``NotAllowedError`` for a user who may only read."""
    if not allows(user, "editor"):
        raise NotAllowedError(f"“{user.name}” may read here, not change anything: ask an admin for the role editor.")
