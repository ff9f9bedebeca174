"""Questions for the clinic: who may see and change them, and when the contact is forgotten."""

from __future__ import annotations

import pytest

from answer.schema import Question
from desk import audit, records
from desk.contact import Contact
from desk.database import Database
from desk.inbox import NotAllowedError
from desk.models import Ticket, User
from desk.record import Recorder
from desk.tickets import ReplyChangedError, TicketError, Tickets
from desk.users import Users
from settings import Settings
from tests.desk.conftest import MakeAnswer, sqlite_only

GOOD = "tidal copper lantern"
MAIL = Contact.read("email", "very.unusual.address@example.com")
QUESTION = Question(text="My name is John Miller. Does ketamine help with tinnitus?")


@pytest.fixture
def editor(database: Database) -> User:
    return Users(database).add("anna", GOOD, "editor", "test")


@pytest.fixture
def reader(database: Database) -> User:
    return Users(database).add("ben", GOOD, "reader", "test")


@pytest.fixture
def recorder(settings: Settings, database: Database) -> Recorder:
    return Recorder(settings.model_copy(update={"ask_clinic": True}), database)


def count(database: Database) -> int:
    with database.reading() as session:
        return session.query(Ticket).count()


def test_a_ticket_holds_the_question_without_details_and_what_was_shown(
    recorder: Recorder, database: Database, make_answer: MakeAnswer, editor: User
) -> None:
    assert recorder.ask_clinic(QUESTION, make_answer(), MAIL, consent=True)
    (ticket,) = Tickets(database).page(editor).tickets
    assert "tinnitus" in ticket.question and "Miller" not in ticket.question
    assert (ticket.route, ticket.contact, ticket.sources["outcome"]) == ("email", MAIL.address, "no_evidence")
    with database.reading() as session:
        assert next((entry.who, entry.what) for entry in audit.entries(session)) == ("a reader", "ticket opened")


@pytest.mark.parametrize(
    "fields",
    [{"outcome": "crisis"}, {"outcome": "emergency"}, {"outcome": "abuse"}, {"labels": ["abuse"]},
     {"labels": ["crisis"]}, {"outcome": "answered"}],
)  # fmt: skip
def test_danger_and_answered_questions_make_no_ticket(
    fields: dict[str, object], recorder: Recorder, database: Database, make_answer: MakeAnswer
) -> None:
    answer = make_answer(**fields)
    assert not recorder.offers_to_ask_clinic(answer)
    assert not recorder.ask_clinic(QUESTION, answer, MAIL, consent=True)
    assert count(database) == 0


def test_words_of_danger_without_consent_or_setting_make_no_ticket(
    recorder: Recorder, settings: Settings, database: Database, make_answer: MakeAnswer
) -> None:
    danger = Question(text="I want to kill myself tonight.")
    assert not recorder.ask_clinic(danger, make_answer(), MAIL, consent=True)
    assert not recorder.ask_clinic(QUESTION, make_answer(), MAIL, consent=False)
    assert not Recorder(settings, database).ask_clinic(QUESTION, make_answer(), MAIL, consent=True)
    assert count(database) == 0


@sqlite_only
def test_once_answered_the_contact_is_nowhere_in_the_files(
    recorder: Recorder, database: Database, make_answer: MakeAnswer, editor: User
) -> None:
    recorder.ask_clinic(QUESTION, make_answer(), MAIL, consent=True)
    tickets = Tickets(database)
    tickets.reply(1, " We can't say. Please come by. ", editor)
    tickets.mark_answered(1, editor)
    ticket = tickets.get(1, editor)
    assert ticket and (ticket.contact, ticket.status, ticket.reply) == (
        None,
        "answered",
        "We can't say. Please come by.",
    )
    assert ticket.answered_at
    assert database.file
    for file in database.file.parent.iterdir():
        assert MAIL.address.encode() not in file.read_bytes(), file.name
    for action in (lambda: tickets.reply(1, "More", editor), lambda: tickets.mark_answered(1, editor)):
        with pytest.raises(TicketError, match="answered already"):
            action()


def test_a_reader_sees_no_contact_and_changes_nothing(
    recorder: Recorder, database: Database, make_answer: MakeAnswer, reader: User
) -> None:
    recorder.ask_clinic(QUESTION, make_answer(), MAIL, consent=True)
    tickets = Tickets(database)
    assert [ticket.contact for ticket in tickets.page(reader).tickets] == [None]
    for action in (
        lambda: tickets.reply(1, "No", reader),
        lambda: tickets.mark_answered(1, reader),
        lambda: tickets.assign(1, reader, reader),
    ):
        with pytest.raises(NotAllowedError):
            action()


def test_the_second_of_two_who_reply_is_told_and_given_the_first_ones_words(
    recorder: Recorder, database: Database, make_answer: MakeAnswer, editor: User
) -> None:
    recorder.ask_clinic(QUESTION, make_answer(), MAIL, consent=True)
    tickets = Tickets(database)
    tickets.reply(1, "First.", editor)
    with pytest.raises(ReplyChangedError) as told:
        tickets.reply(1, "Second.", editor)
    assert told.value.newest == "First."
    tickets.reply(1, "Both.", editor, opened="First.")


def test_what_staff_do_is_in_the_audit_log_without_words(
    recorder: Recorder, database: Database, make_answer: MakeAnswer, editor: User
) -> None:
    recorder.ask_clinic(QUESTION, make_answer(), MAIL, consent=True)
    tickets = Tickets(database)
    tickets.assign(1, editor, editor)
    tickets.reply(1, "Certainly not.", editor)
    tickets.mark_answered(1, editor)
    with database.reading() as session:
        logged = audit.entries(session, limit=3)
    assert [entry.what for entry in logged] == ["ticket answered, contact deleted", "reply written", "assignee_id set"]
    assert "Certainly" not in str([(entry.before, entry.after) for entry in logged])


@pytest.mark.parametrize("text", ["", "  ", "x" * 20_001])
def test_a_reply_that_is_none_is_refused(
    text: str, recorder: Recorder, database: Database, make_answer: MakeAnswer, editor: User
) -> None:
    recorder.ask_clinic(QUESTION, make_answer(), MAIL, consent=True)
    with pytest.raises(TicketError, match="characters"):
        Tickets(database).reply(1, text, editor)


def test_a_purged_ticket_can_not_be_changed(database: Database, editor: User) -> None:
    records.purge(database, 0, "test")
    with pytest.raises(TicketError, match="deleted meanwhile"):
        Tickets(database).mark_answered(1, editor)
    assert Tickets(database).get(1, editor) is None
