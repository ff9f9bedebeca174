"""The inbox: questions that ask the same stand together, and what staff do is written down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest

from desk import audit
from desk.database import Database
from desk.group import assign, group_new
from desk.inbox import Filters, Inbox, InboxError, NotAllowedError
from desk.models import Group, Kept, User, now
from desk.users import Users
from ingest.embed import Embedder
from tests.desk.conftest import sqlite_only

GOOD = "tidal copper lantern"
TINNITUS = ("Does ketamine help with tinnitus?", "can ketamine help tinnitus", "Will ketamine help my tinnitus?")
PARKING = ("Where can I park at the clinic?", "Is there parking at the clinic?")


def keep(database: Database, texts: Sequence[str], **fields: str) -> None:
    """Store questions as the recorder does."""
    with database.writing() as session:
        first = session.query(Kept).count()
        session.add_all(
            Kept(
                answer_id=f"a{first + number}", at=now(), consent_at=now(), text=text, answer={},
                **{"reason": "no_evidence", "outcome": "no_evidence", "confidence": "", "language": "en", "site": "",
                   **fields},
            )
            for number, text in enumerate(texts)
        )  # fmt: skip


@pytest.fixture
def editor(database: Database) -> User:
    return Users(database).add("anna", GOOD, "editor", "test")


@pytest.fixture
def reader(database: Database) -> User:
    return Users(database).add("ben", GOOD, "reader", "test")


def test_questions_that_ask_the_same_stand_together(database: Database, embedder: Embedder) -> None:
    keep(database, [*TINNITUS[:2], *PARKING])
    assert group_new(database, embedder.embed, "mini") == 4
    keep(database, TINNITUS[2:])
    assert group_new(database, embedder.embed, "mini") == 1
    page = Inbox(database).page()
    assert [line.count for line in page.lines] == [3, 2]
    assert page.lines[0].newest.text == TINNITUS[2]
    assert (page.groups, page.questions) == (2, 5)
    assert [kept.text for kept in Inbox(database).questions(page.lines[0])] == list(reversed(TINNITUS))


def test_another_embedder_makes_the_groups_anew(database: Database, embedder: Embedder) -> None:
    keep(database, TINNITUS)
    group_new(database, embedder.embed, "mini")
    assert group_new(database, lambda texts: np.eye(len(texts), dtype=np.float32), "other") == 3
    with database.reading() as session:
        assert {group.embedder for group in session.query(Group)} == {"other"}


def test_a_question_joins_the_nearest_group_and_begins_one_when_none_is_near() -> None:
    leaders = np.array([[1, 0, 0], [0.8, 0.6, 0]], np.float32)
    vectors = np.array([[0.9, 0.43589, 0], [0, 0, 1], [0, 0.1, 0.995]], np.float32)
    numbers, begun = assign(vectors, leaders)
    assert (numbers, begun) == ([1, 2, 2], [1])


def test_questions_without_a_group_are_lines_of_their_own(database: Database) -> None:
    keep(database, PARKING)
    page = Inbox(database).page(size=1, number=1)
    assert [(line.group_id, line.newest.text) for line in page.lines] == [(None, PARKING[0])]
    assert [kept.text for kept in Inbox(database).questions(page.lines[0])] == [PARKING[0]]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (Filters(), 3),
        (Filters(status="covered"), 0),
        (Filters(status=None, reason="unhelpful"), 1),
        (Filters(site="north"), 1),
        (Filters(words="CLINIC park"), 2),
        (Filters(words="100%"), 0),
        (Filters(since=now().date() + timedelta(days=1)), 0),
        (Filters(until=now().date() + timedelta(days=1)), 3),
    ],
)
def test_filters_narrow_the_list(filters: Filters, count: int, database: Database) -> None:
    keep(database, PARKING)
    keep(database, TINNITUS[:1], reason="unhelpful", site="north")
    assert Inbox(database).page(filters).questions == count


def test_what_an_editor_does_is_in_the_audit_log(database: Database, editor: User, reader: User) -> None:
    keep(database, PARKING)
    inbox = Inbox(database)
    assert inbox.set_status([1, 2], "covered", editor) == 2
    assert inbox.set_status([1, 2], "covered", editor) == 0
    assert inbox.assign([1], reader, editor) == 1
    inbox.note(1, "Ask the front desk.", editor)
    line = inbox.line_of(1)
    assert line
    assert [note.text for note in inbox.notes(line)] == ["Ask the front desk."]
    assert inbox.page().questions == 0
    assert inbox.page(Filters(status="covered", assignee_id=reader.id)).questions == 1
    with database.reading() as session:
        done = [(entry.who, entry.what, entry.target_id) for entry in audit.entries(session, limit=4)]
    assert done == [
        ("anna", "note added", "1"), ("anna", "assignee_id set", "1"),
        ("anna", "status set", "2"), ("anna", "status set", "1"),
    ]  # fmt: skip


def test_a_reader_may_change_nothing(database: Database, reader: User) -> None:
    keep(database, PARKING)
    inbox = Inbox(database)
    for action in (
        lambda: inbox.set_status([1], "covered", reader),
        lambda: inbox.assign([1], None, reader),
        lambda: inbox.note(1, "Mine.", reader),
    ):
        with pytest.raises(NotAllowedError):
            action()


def test_an_action_that_cannot_be_is_told(database: Database, editor: User) -> None:
    with pytest.raises(InboxError, match="no status"):
        Inbox(database).set_status([1], "done", editor)
    with pytest.raises(InboxError, match="deleted"):
        Inbox(database).note(99, "Too late.", editor)


@sqlite_only
def test_the_list_is_found_by_an_index(database: Database) -> None:
    with database.reading() as session:
        plan = session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT coalesce(group_id, -id), count(*) FROM kept "
            "WHERE status = 'open' AND reason = 'no_evidence' AND language = 'en' GROUP BY 1"
        )
        steps = " ".join(str(row) for row in plan)
    assert "USING COVERING INDEX ix_kept_list" in steps
