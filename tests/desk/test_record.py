"""What is recorded of answers: counts always, words only where clinic and reader agree, danger never."""

from __future__ import annotations

import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from answer.schema import Question
from desk import records
from desk.database import Database
from desk.models import CitedCount, DailyCount, Feedback, Kept, ResponseTime, now
from desk.record import Recorder
from settings import ROOT, Settings
from tests.desk.conftest import MakeAnswer, sqlite_only

HELP = {"reason": "crisis", "country": "US", "emergency": "911", "lines": []}
CITATION = {
    "number": 1, "source_id": "label", "title": "T", "publisher": "P", "year": 2024, "kind": "drug-label",
    "evidence": "high", "provenance": "summary", "country": [], "url": None, "section": "", "quote": "Q",
    "passage_id": "p",
}  # fmt: skip
MANY = """
import sys
from answer.schema import Answer
from desk.database import Database
from desk.record import Recorder
from settings import Settings
settings = Settings(data_dir=sys.argv[1], database_url=sys.argv[2])
recorder = Recorder(settings, Database.of(settings))
for number in range(50):
    recorder.count(Answer(id=str(number), outcome="answered", language="en", text="", corpus_version="v"))
recorder.close()
"""


@pytest.fixture
def recorder(settings: Settings, database: Database) -> Recorder:
    return Recorder(settings, database, {"label": "side-effects"})


def test_an_answer_is_counted_without_its_text(recorder: Recorder, database: Database, make_answer: MakeAnswer) -> None:
    for _ in range(3):
        recorder.count(make_answer(outcome="answered", citations=[CITATION]), country="GB")
    assert recorder.flush()
    with database.reading() as session:
        counted = session.query(DailyCount).one()
        assert (counted.outcome, counted.topic, counted.country, counted.count) == ("answered", "side-effects", "GB", 3)
        assert session.query(ResponseTime).one().up_to_ms == 200
        assert session.query(CitedCount).one().count == 3
        assert session.query(Kept).count() == 0


def test_of_a_crisis_only_that_it_happened_is_counted(
    recorder: Recorder, database: Database, make_answer: MakeAnswer
) -> None:
    recorder.count(make_answer(outcome="crisis", citations=[CITATION], help=HELP), country="GB")
    recorder.flush()
    with database.reading() as session:
        counted = session.query(DailyCount).one()
        assert (counted.outcome, counted.topic, counted.country) == ("crisis", "", "")
        assert session.query(CitedCount).count() == 0


def test_no_count_of_many_threads_is_lost(recorder: Recorder, database: Database, make_answer: MakeAnswer) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: recorder.count(make_answer()), range(400)))
    recorder.flush()
    with database.reading() as session:
        assert records.total(session, "no_evidence") == 400


@pytest.mark.slow
def test_no_count_of_many_processes_is_lost(settings: Settings, database: Database) -> None:
    command = [sys.executable, "-c", MANY, str(settings.data_dir), settings.database_url]
    for process in [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]:
        assert process.wait(200) == 0
    with database.reading() as session:
        assert records.total(session) == 150


def test_a_kept_question_has_lost_its_identifiers(
    recorder: Recorder, database: Database, make_answer: MakeAnswer
) -> None:
    question = Question(text="My name is John Miller, john@example.com. Does ketamine help with tinnitus?")
    assert recorder.keep(question, make_answer(), consent=True)
    with database.reading() as session:
        kept = session.query(Kept).one()
    assert "Miller" not in kept.text
    assert "example.com" not in kept.text
    assert "tinnitus" in kept.text
    assert (kept.reason, kept.status, kept.answer["outcome"]) == ("no_evidence", "open", "no_evidence")


def test_a_second_press_keeps_nothing_twice(recorder: Recorder, database: Database, make_answer: MakeAnswer) -> None:
    answer = make_answer()
    assert [recorder.keep(Question(text="Does it help tinnitus?"), answer, consent=True) for _ in range(2)] == [
        True
    ] * 2
    with database.reading() as session:
        assert session.query(Kept).count() == 1


@pytest.mark.parametrize("outcome", ["crisis", "emergency", "abuse"])
@pytest.mark.parametrize("as_label", [False, True])
def test_words_of_danger_are_never_kept(
    outcome: str, as_label: bool, settings: Settings, database: Database, make_answer: MakeAnswer
) -> None:
    everything = Recorder(settings.model_copy(update={"keep_conversations": True}), database)
    fields = {"labels": [outcome]} if as_label else {"outcome": outcome}
    answer = make_answer(**fields)
    assert not everything.offers_to_keep(answer, unhelpful=True)
    assert not everything.keep(Question(text="Does it help tinnitus?"), answer, consent=True, unhelpful=True)
    assert everything.feedback(answer, False, "Not what I asked.", consent=True)
    with database.reading() as session:
        assert session.query(Kept).count() == 0
        assert session.query(Feedback).one().text is None


def test_a_crisis_told_beside_a_vote_is_never_kept(
    recorder: Recorder, database: Database, make_answer: MakeAnswer
) -> None:
    assert recorder.feedback(make_answer(), False, "Useless. I want to kill myself tonight.", consent=True)
    assert not recorder.keep(Question(text="I want to kill myself tonight."), make_answer(), consent=True)
    with database.reading() as session:
        assert session.query(Feedback).one().text is None
        assert session.query(Kept).count() == 0


def test_nothing_is_kept_without_consent_or_setting(
    recorder: Recorder, database: Database, make_answer: MakeAnswer, settings: Settings
) -> None:
    question = Question(text="Does it help tinnitus?")
    off = Recorder(Settings(data_dir=settings.data_dir), database)
    assert not recorder.keep(question, make_answer(), consent=False)
    assert not recorder.keep(question, make_answer(outcome="answered", confidence="strong"), consent=True)
    assert not off.keep(question, make_answer(), consent=True)
    off.feedback(make_answer(), False, "Too long.", consent=True)
    recorder.feedback(make_answer(), False, "Too long.")
    with database.reading() as session:
        assert session.query(Kept).count() == 0
        assert {vote.text for vote in session.query(Feedback)} == {None}


def test_a_vote_sent_twice_counts_once_and_the_last_one_stands(
    recorder: Recorder, database: Database, make_answer: MakeAnswer
) -> None:
    answer = make_answer()
    for helpful in (True, True, False):
        recorder.feedback(answer, helpful, "The answer was too long, write to john@example.com", consent=True)
    with database.reading() as session:
        vote = session.query(Feedback).one()
    assert not vote.helpful
    assert vote.text is not None
    assert "example.com" not in vote.text


@sqlite_only
def test_a_database_that_is_down_loses_counts_quietly_and_comes_back(
    settings: Settings, make_answer: MakeAnswer, caplog: pytest.LogCaptureFixture
) -> None:
    settings.data_dir.write_text("a file where the folder should be")
    recorder = Recorder(settings, Database.of(settings))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            recorder.count(make_answer())
            recorder.flush()
        assert not recorder.keep(Question(text="Does it help tinnitus?"), make_answer(), consent=True)
        settings.data_dir.unlink()
        recorder.count(make_answer())
        recorder.flush()
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    database = Database.of(settings)
    with database.reading() as session:
        assert records.total(session) == 1
    database.close()


def test_purge_deletes_old_words_and_leaves_counts(
    recorder: Recorder, database: Database, make_answer: MakeAnswer
) -> None:
    for age in (0, 40):
        answer = make_answer()
        recorder.count(answer)
        recorder.keep(Question(text=f"Does it help tinnitus after {age} days?"), answer, consent=True)
        recorder.feedback(answer, False, "I asked about the price of a session.", consent=True)
        if age:
            with database.writing() as session:
                for table in ("kept", "feedback"):
                    moment = (now() - timedelta(days=age)).replace(tzinfo=None).isoformat(" ")
                    change = f"UPDATE {table} SET at = '{moment}' WHERE answer_id = :id"
                    session.execute(text(change), {"id": answer.id})
    recorder.flush()
    purged = records.purge(database, 30, "test")
    assert (purged.questions, purged.feedback_texts) == (1, 1)
    with database.reading() as session:
        assert session.query(Kept).one().text.endswith("0 days?")
        assert records.total(session) == 2
    if database.file:
        assert b"after 40 days" not in database.file.read_bytes()
