"""What a reader may say about an answer, and what of it is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from desk import records
from desk.contact import Contact, ContactError
from desk.database import Database
from desk.models import Feedback, Kept, Ticket
from desk.record import Recorder
from tests.ui.test_chat import CRISIS, QUESTION, ask, button, page_html, state_of
from ui import shared
from ui.shared import Parts

UNKNOWN = "Does ketamine cure tinnitus? My name is John Miller, john@example.com."
KEEP = "Yes, keep this question"
Open = Callable[..., AppTest]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'folder' / 'desk.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def open_chat(parts: Parts, database: Database, open_page: Callable[[], AppTest]) -> Iterator[Open]:
    """Opens the chat of a clinic with these settings."""
    recorders: list[Recorder] = []

    def open_with(**settings: Any) -> AppTest:
        changed = parts.settings.model_copy(update=settings)
        recorders.append(Recorder(changed, database))
        shared.provide(replace(parts, settings=changed, recorder=recorders[-1], database=database))
        return open_page()

    yield open_with
    for recorder in recorders:
        recorder.close()


def recorder() -> Recorder:
    found = shared.parts().recorder
    assert found
    return found


def labels(at: AppTest) -> list[str]:
    return [found.label for found in at.button]


def count(database: Database, table: Any) -> int:
    with database.reading() as session:
        return int(session.query(table).count())


def test_every_answer_is_counted_once(open_chat: Open, database: Database) -> None:
    at = ask(ask(open_chat(), QUESTION), UNKNOWN)
    at.run()
    assert recorder().flush()
    with database.reading() as session:
        assert (records.total(session), records.total(session, "no_evidence")) == (2, 1)


def test_beside_no_evidence_one_press_keeps_the_question_without_details(open_chat: Open, database: Database) -> None:
    at = ask(open_chat(keep_unanswered=True), UNKNOWN)
    assert "May the clinic keep this question, without your details, to answer it?" in page_html(at)
    button(at, KEEP).click().run()
    assert "This question is kept for the Harbour Clinic" in page_html(at)
    assert KEEP not in labels(at)
    with database.reading() as session:
        (kept,) = session.query(Kept)
    assert "tinnitus" in kept.text and "Miller" not in kept.text and "example.com" not in kept.text
    assert kept.reason == "no_evidence"


def test_without_the_setting_nothing_is_offered(open_chat: Open, parts: Parts) -> None:
    at = ask(open_chat(), UNKNOWN)
    assert KEEP not in labels(at)
    assert not at.expander and not at.text_area
    assert parts.words.html("kept_note_agreed", clinic="the Harbour Clinic") not in page_html(at)


def test_a_good_answer_is_offered_to_the_clinic_only_after_a_thumb_down(open_chat: Open, database: Database) -> None:
    at = ask(open_chat(keep_unanswered=True), QUESTION)
    assert KEEP not in labels(at)
    answer = state_of(at).conversation.turns[0].answer
    assert answer
    assert recorder().feedback(answer, False)
    state_of(at).conversation.turns[0].helpful = False
    at.run()
    button(at, KEEP).click().run()
    with database.reading() as session:
        assert session.query(Kept).one().reason == "unhelpful"


def test_words_beside_a_vote_are_stored_without_details_where_the_clinic_reads_them(
    open_chat: Open, database: Database
) -> None:
    at = ask(open_chat(keep_feedback_text=True), QUESTION)
    assert not at.text_area
    state_of(at).conversation.turns[0].helpful = False
    at.run()
    at.text_area[0].set_value("Too long. Write to john@example.com")
    button(at, "Send").click().run()
    assert "Thank you for telling us" in page_html(at)
    with database.reading() as session:
        vote = session.query(Feedback).one()
    assert not vote.helpful and vote.text and "Too long" in vote.text and "example.com" not in vote.text


def test_in_a_crisis_nothing_is_offered_or_stored(open_chat: Open, database: Database) -> None:
    everything = {"keep_unanswered": True, "keep_conversations": True, "keep_feedback_text": True, "ask_clinic": True}
    at = ask(open_chat(**everything), CRISIS)
    assert KEEP not in labels(at)
    assert not at.expander and not at.text_area
    recorder().flush()
    assert (count(database, Kept), count(database, Ticket)) == (0, 0)


def pass_on(at: AppTest, contact: str, *, consent: bool = True) -> AppTest:
    at.text_input[0].set_value(contact)
    at.checkbox[0].set_value(consent)
    return button(at, "Send to the clinic").click().run()


def test_an_unanswered_question_becomes_a_ticket_with_a_contact_of_the_readers_choice(
    open_chat: Open, database: Database
) -> None:
    at = ask(open_chat(ask_clinic=True), UNKNOWN)
    at = pass_on(at, "not an address")
    assert "does not look like an e-mail address" in page_html(at)
    at = pass_on(at, "jo@example.com", consent=False)
    assert "Please tick the box" in page_html(at)
    assert count(database, Ticket) == 0
    at.radio[0].set_value("phone")
    at = pass_on(at, "+1 555 0100 22")
    assert "Your question is with the Harbour Clinic now" in page_html(at)
    with database.reading() as session:
        (ticket,) = session.query(Ticket)
    assert (ticket.route, ticket.contact, ticket.status) == ("phone", "+1 555 0100 22", "open")
    assert "tinnitus" in ticket.question and "Miller" not in ticket.question
    assert ticket.sources["outcome"] == "no_evidence"


def test_an_answered_question_is_not_passed_on(open_chat: Open) -> None:
    assert not ask(open_chat(ask_clinic=True), QUESTION).expander


def test_a_database_that_is_down_at_the_start_costs_no_answer_and_counts_again_when_it_is_back(
    open_chat: Open, database: Database
) -> None:
    assert database.file
    folder = database.file.parent
    folder.write_text("a file where the folder should be")
    at = ask(open_chat(keep_unanswered=True), UNKNOWN)
    assert "That could not be kept" in page_html(button(at, KEEP).click().run())
    recorder().flush()
    folder.unlink()
    at = ask(at, QUESTION)
    recorder().flush()
    with database.reading() as session:
        assert records.total(session) == 1


@pytest.mark.parametrize(
    ("route", "typed"),
    [("email", "jo@example"), ("email", "jo@example.com, bo@example.com"), ("email", "@example.com"), ("email", ""),
     ("phone", "12345"), ("phone", "call me"), ("phone", "1" * 17), ("email", f"{'a' * 200}@example.com")],
)  # fmt: skip
def test_what_is_no_address_is_refused(route: Any, typed: str) -> None:
    with pytest.raises(ContactError):
        Contact.read(route, typed)
