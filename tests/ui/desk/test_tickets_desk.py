"""The page of questions for the clinic: reply, copy, and forget who asked."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from desk.database import Database
from desk.models import Ticket, now
from desk.tickets import Tickets
from tests.ui.desk.conftest import OpenDesk, SignedIn
from tests.ui.desk.test_inbox_desk import labels, open_first, press, texts

ADDRESS = "jo@example.com"


def ask(
    database: Database, question: str = "Do you treat tinnitus?", route: str = "email", contact: str = ADDRESS
) -> None:
    with database.writing() as session:
        ticket = Ticket(at=now(), consent_at=now(), question=question, sources={}, route=route, contact=contact)
        session.add(ticket)


def stored(database: Database) -> Ticket:
    with database.reading() as session:
        return session.query(Ticket).one()


def write(at: AppTest, text: str) -> AppTest:
    at.text_area[0].set_value(text)
    return press(at, "Store the reply")


def test_a_reply_is_stored_can_be_copied_and_mailed(
    signed_in: SignedIn, open_desk: OpenDesk, database: Database
) -> None:
    signed_in()
    ask(database)
    at = write(open_first(open_desk("tickets.py")), "No. Kind regards & all the best")
    assert at.code[0].value == "No. Kind regards & all the best"
    assert f'href="mailto:{ADDRESS}?subject=Your%20question' in texts(at)
    assert "body=No.%20Kind%20regards%20%26%20all%20the%20best" in texts(at)
    assert stored(database).reply == "No. Kind regards & all the best"


def test_once_answered_the_contact_is_gone(signed_in: SignedIn, open_desk: OpenDesk, database: Database) -> None:
    signed_in()
    ask(database, route="phone", contact="+1 (555) 010-022")
    at = open_first(open_desk("tickets.py"))
    assert 'href="tel:+1555010022"' in texts(at)
    at = press(at, "Mark as answered and delete the contact")
    assert "Answered. The contact is deleted." in texts(at)
    assert "555" not in texts(at) and not at.text_area
    assert (stored(database).contact, stored(database).status) == (None, "answered")


def test_a_reader_sees_the_question_but_neither_the_contact_nor_a_button(
    signed_in: SignedIn, open_desk: OpenDesk, database: Database
) -> None:
    signed_in("reader", "ben")
    ask(database)
    at = open_first(open_desk("tickets.py"))
    assert "tinnitus" in texts(at) and ADDRESS not in texts(at)
    assert labels(at) == ["Back to the list"] and not at.text_area


def test_who_writes_over_a_colleagues_reply_is_told_and_sees_theirs(
    signed_in: SignedIn, open_desk: OpenDesk, database: Database
) -> None:
    boris = signed_in("editor", "boris")
    signed_in()
    ask(database)
    at = open_first(open_desk("tickets.py"))
    Tickets(database).reply(1, "Theirs.", boris)
    at = write(at, "Mine.")
    assert "Somebody else changed this reply" in at.warning[0].value
    assert at.code[0].value == "Theirs."
    assert stored(database).reply == "Theirs."
    write(at, "Both.")
    assert stored(database).reply == "Both."


def test_a_question_goes_to_a_colleague(signed_in: SignedIn, open_desk: OpenDesk, database: Database) -> None:
    boris = signed_in("editor", "boris")
    signed_in()
    ask(database)
    at = open_first(open_desk("tickets.py"))
    at.selectbox[0].select_index(at.selectbox[0].options.index("boris"))
    press(at, "Assign")
    assert stored(database).assignee_id == boris.id


def test_answered_questions_are_listed_apart(signed_in: SignedIn, open_desk: OpenDesk, database: Database) -> None:
    user = signed_in()
    ask(database)
    Tickets(database).mark_answered(1, user)
    assert "0 questions" in texts(open_desk("tickets.py"))
