"""What the database keeps of answers: counters without text, questions and votes, and how they are deleted again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Table, delete, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from answer.schema import Answer
from desk import audit
from desk.database import Database
from desk.models import (
    Base,
    CitedCount,
    DailyCount,
    Feedback,
    Group,
    Kept,
    LoginFailure,
    ResponseTime,
    StaffSession,
    Ticket,
    now,
)

BUCKETS_MS = (100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000)
"""Upper limits of response times; what took longer is counted under ``SLOWER``."""

SLOWER = 1_000_000_000
READER = "a reader"
"""Who opened a ticket, in the audit log: nobody is signed in on the readers' pages."""

PURGE_BATCH = 5000
FAILURES_KEPT = timedelta(days=30)

Key = tuple[type[Base], tuple[Any, ...]]
"""A counter: its table and its primary key, in the order of the columns."""


@dataclass(frozen=True, slots=True)
class Purged:
    """How many rows a purge emptied or deleted."""

    questions: int
    feedback_texts: int
    tickets: int


def counters_of(answer: Answer, day: date, topic: str, country: str, *, sources: bool) -> Counter[Key]:
    """The counters that one answer adds to; ``sources`` also counts what it cites."""
    daily = (day, answer.outcome, topic, answer.composer, country)
    found: Counter[Key] = Counter({(DailyCount, daily): 1})
    if "total" in answer.timings_ms:
        found[ResponseTime, (day, bucket(answer.timings_ms["total"]))] += 1
    for id in sorted({citation.source_id for citation in answer.citations}) if sources else ():
        found[CitedCount, (day, id)] += 1
    return found


def bucket(milliseconds: float) -> int:
    """The upper limit, in milliseconds, under which a response time is counted."""
    return next((limit for limit in BUCKETS_MS if milliseconds <= limit), SLOWER)


def add_counts(session: Session, counts: Counter[Key]) -> None:
    """Add to counters, those of other processes included; always in the same order, so that none waits in a ring."""
    for (model, key), count in sorted(counts.items(), key=lambda item: (item[0][0].__tablename__, item[0][1])):
        table = model.__table__
        assert isinstance(table, Table)
        names = [column.name for column in table.primary_key.columns]
        row = insert(session)(table).values(**dict(zip(names, key, strict=True)), count=count)
        session.execute(row.on_conflict_do_update(index_elements=names, set_={"count": table.c.count + count}))


def add_vote(session: Session, vote: dict[str, Any]) -> None:
    """Store a vote, or replace the earlier one on the same answer."""
    row = insert(session)(Feedback).values(**vote)
    changes = {name: value for name, value in vote.items() if name != "answer_id"}
    session.execute(row.on_conflict_do_update(index_elements=["answer_id"], set_=changes))


def add_kept(session: Session, kept: dict[str, Any]) -> None:
    """Store a question; a second press for the same answer changes nothing."""
    session.execute(insert(session)(Kept).values(**kept).on_conflict_do_nothing(index_elements=["answer_id"]))


def add_ticket(session: Session, ticket: dict[str, Any]) -> None:
    """Store a question for the clinic; the audit log has that it came, and none of its words."""
    opened = Ticket(**ticket)
    session.add(opened)
    session.flush()
    audit.log(session, READER, "ticket opened", ("ticket", opened.id), after={"route": opened.route})


def insert(session: Session) -> Any:
    """The ``insert`` of the database in use, which knows ON CONFLICT."""
    return postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert


def purge(database: Database, days: int, who: str) -> Purged:
    """Delete what readers wrote more than ``days`` days ago, answered tickets' contacts, and sessions that ended.

    Counters stay: they hold no text. Works in batches, so that answers go on being counted meanwhile.

    Raises:
        DatabaseError: the database can't be reached.
    """
    limit = now() - timedelta(days=days)
    questions = _delete_in_batches(database, Kept, limit)
    tickets = _delete_in_batches(database, Ticket, limit)
    with database.writing() as session:
        old = update(Feedback).where(Feedback.at < limit, Feedback.text.is_not(None)).values(text=None)
        texts = session.execute(old).rowcount  # type: ignore[attr-defined]
        session.execute(update(Ticket).where(Ticket.answered_at.is_not(None)).values(contact=None))
        used = select(Kept.group_id).where(Kept.group_id.is_not(None))
        session.execute(delete(Group).where(Group.id.not_in(used)))
        session.execute(delete(StaffSession).where(StaffSession.expires_at < now()))
        session.execute(delete(LoginFailure).where(LoginFailure.at < now() - FAILURES_KEPT))
        done = Purged(questions, texts, tickets)
        if questions and database.is_sqlite:
            # Until its parts are merged, the index of words still holds what was deleted.
            session.execute(text("INSERT INTO kept_words(kept_words) VALUES ('optimize')"))
        numbers = {"questions": questions, "feedback_texts": texts, "tickets": tickets, "days": days}
        audit.log(session, who, "purge", ("records", "all"), after=numbers)
    empty_journal(database)
    return done


def total(session: Session, outcome: str | None = None) -> int:
    """How many answers were counted, of one outcome or of all."""
    wanted = select(func.coalesce(func.sum(DailyCount.count), 0))
    return int(session.scalar(wanted.where(DailyCount.outcome == outcome) if outcome else wanted) or 0)


def _delete_in_batches(database: Database, model: type[Kept] | type[Ticket], limit: datetime) -> int:
    deleted = 0
    while True:
        with database.writing() as session:
            ids = session.scalars(select(model.id).where(model.at < limit).limit(PURGE_BATCH)).all()
            session.execute(delete(model).where(model.id.in_(ids)))
        deleted += len(ids)
        if len(ids) < PURGE_BATCH:
            return deleted


def empty_journal(database: Database) -> None:
    """What was deleted isn't left in SQLite's write-ahead log either; while somebody reads, its end stays."""
    if not database.is_sqlite:
        return
    with database.outside_transaction() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
