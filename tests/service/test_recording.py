"""What the API records of what it answers, and what it keeps when a reader agrees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from answer.engine import Engine
from desk import records
from desk.database import Database
from desk.models import DailyCount, Feedback, Kept
from desk.record import Recorder
from service.context import Context
from service.front import Front
from service.limits import Limiter
from tests.service.conftest import CLINIC, app_of, settings_of
from tests.service.test_api import QUESTION, assert_problem

UNKNOWN = "Does ketamine cure tinnitus? My name is John Miller, john@example.com."
CRISIS = "I want to kill myself tonight"
Recorded = tuple[TestClient, Recorder]
OpenRecorded = Callable[..., Recorded]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'folder' / 'desk.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def open_recorded(engine: Engine, database: Database) -> Iterator[OpenRecorded]:
    """Opens an API with records, with changed settings."""
    opened: list[tuple[Front, Recorder]] = []

    def open_(**changes: Any) -> Recorded:
        settings = settings_of(engine, **changes)
        front, recorder = Front(), Recorder.of(settings, database, engine)
        front.open(Context.open(settings, engine, engine.crisis_lines, Limiter(settings), recorder))
        opened.append((front, recorder))
        return TestClient(app_of(front), raise_server_exceptions=False), recorder

    yield open_
    for front, recorder in opened:
        front.close()
        recorder.close()


def test_answers_and_streams_are_counted_with_the_country_of_their_reader(
    open_recorded: OpenRecorded, database: Database
) -> None:
    api, recorder = open_recorded()
    assert api.post("/api/ask", json={"text": QUESTION, "country": "de"}).status_code == 200
    assert api.post("/api/ask/stream", json={"text": QUESTION}, headers={"Origin": CLINIC}).status_code == 200
    assert recorder.flush()
    with database.reading() as session:
        counted = {row.country: row for row in session.query(DailyCount)}
        assert set(counted) == {"DE", "GB"}
        assert counted["GB"].outcome == "answered" and counted["GB"].topic


def test_a_vote_is_stored_and_the_last_one_stands(open_recorded: OpenRecorded, database: Database) -> None:
    api, _ = open_recorded(keep_feedback_text=True)
    id = api.post("/api/ask", json={"text": QUESTION}).json()["id"]
    for helpful in (True, False, True):
        vote = {"answer_id": id, "helpful": helpful, "comment": "Clear, thanks. My e-mail is john@example.com"}
        assert api.post("/api/feedback", json=vote).status_code == 202
    with database.reading() as session:
        stored = session.query(Feedback).one()
    assert (stored.answer_id, stored.helpful, stored.outcome) == (id, True, "answered")
    assert stored.text and "Clear" in stored.text and "example.com" not in stored.text


@pytest.mark.parametrize("asked", [CRISIS, None])
def test_a_comment_on_a_crisis_or_on_an_unknown_answer_is_not_stored(
    asked: str | None, open_recorded: OpenRecorded, database: Database
) -> None:
    api, _ = open_recorded(keep_feedback_text=True)
    id = api.post("/api/ask", json={"text": asked}).json()["id"] if asked else "f" * 32
    assert api.post("/api/feedback", json={"answer_id": id, "helpful": False, "comment": "No"}).status_code == 202
    with database.reading() as session:
        assert session.query(Feedback).one().text is None


def test_a_question_is_kept_once_without_details(open_recorded: OpenRecorded, database: Database) -> None:
    api, recorder = open_recorded(keep_unanswered=True)
    id = api.post("/api/ask", json={"text": UNKNOWN}).json()["id"]
    wish = {"question": {"text": UNKNOWN, "id": id}, "consent": True}
    for _ in range(2):
        assert api.post("/api/keep", json=wish, headers={"Origin": CLINIC}).json() == {"kept": True}
    recorder.flush()
    with database.reading() as session:
        kept = session.query(Kept).one()
        assert records.total(session) == 1, "asking again to keep it is no further question"
    assert (kept.answer_id, kept.reason, kept.site) == (id, "no_evidence", "clinic")
    assert "tinnitus" in kept.text and "Miller" not in kept.text and "example.com" not in kept.text


def test_an_answered_question_is_kept_when_its_reader_found_the_answer_unhelpful(
    open_recorded: OpenRecorded, database: Database
) -> None:
    api, _ = open_recorded(keep_unanswered=True)
    wish = {"question": {"text": QUESTION}, "unhelpful": True, "consent": True}
    assert api.post("/api/keep", json=wish).json() == {"kept": True}
    with database.reading() as session:
        assert session.query(Kept).one().reason == "unhelpful"


def test_a_crisis_is_never_kept(open_recorded: OpenRecorded, database: Database) -> None:
    api, _ = open_recorded(keep_unanswered=True, keep_conversations=True)
    wish = {"question": {"text": CRISIS}, "unhelpful": True, "consent": True}
    assert api.post("/api/keep", json=wish).json() == {"kept": False}
    with database.reading() as session:
        assert session.query(Kept).count() == 0


@pytest.mark.parametrize("consent", [{"consent": False}, {}, {"consent": "yes"}])
def test_without_consent_the_request_is_refused(consent: dict[str, Any], open_recorded: OpenRecorded) -> None:
    api, _ = open_recorded(keep_unanswered=True)
    assert_problem(api.post("/api/keep", json={"question": {"text": UNKNOWN}, **consent}), 422)


def test_where_the_settings_keep_nothing_there_is_nothing_to_ask_for(
    open_recorded: OpenRecorded, api: TestClient
) -> None:
    wish = {"question": {"text": UNKNOWN}, "consent": True}
    for client in (open_recorded()[0], api):
        assert_problem(client.post("/api/keep", json=wish), 404, "keeps_nothing")
        assert client.get("/api/sites/clinic").json()["keeps_questions"] is False
    assert open_recorded(keep_unanswered=True)[0].get("/api/sites/clinic").json()["keeps_questions"] is True


def test_keeping_counts_as_asking(open_recorded: OpenRecorded) -> None:
    api, _ = open_recorded(keep_unanswered=True, question_rate="1/minute")
    wish = {"question": {"text": UNKNOWN}, "consent": True}
    assert api.post("/api/keep", json=wish).status_code == 200
    assert_problem(api.post("/api/keep", json=wish), 429)


def test_a_database_that_is_down_at_the_start_costs_no_answer_and_counts_again_when_it_is_back(
    open_recorded: OpenRecorded, database: Database
) -> None:
    assert database.file
    folder = database.file.parent
    folder.write_text("a file where the folder should be")
    api, recorder = open_recorded(keep_unanswered=True)
    id = api.post("/api/ask", json={"text": QUESTION}).json()["id"]
    assert api.post("/api/feedback", json={"answer_id": id, "helpful": True}).status_code == 202
    wish = {"question": {"text": UNKNOWN}, "consent": True}
    assert api.post("/api/keep", json=wish).json() == {"kept": False}
    recorder.flush()
    folder.unlink()
    assert api.post("/api/ask", json={"text": QUESTION}).status_code == 200
    assert api.post("/api/keep", json=wish).json() == {"kept": True}
    recorder.flush()
    with database.reading() as session:
        assert records.total(session) == 1


def test_the_privacy_page_says_what_is_kept_when_a_reader_agrees(open_recorded: OpenRecorded, api: TestClient) -> None:
    assert "counts how many questions" not in api.get("/privacy").text
    plain = open_recorded()[0].get("/privacy").text
    assert "counts how many questions" in plain and "Only if you" not in plain
    agreed = open_recorded(keep_unanswered=True, ask_clinic=True, retention_days=99)[0].get("/privacy").text
    assert "deleted about 99 days later" in agreed
    assert "Only if you ask" in agreed and "unless you agree" in agreed
