"""The inbox page: groups with their answers, notes and marks; a reader may look only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from answer.engine import Engine
from answer.schema import Question
from desk.database import Database
from desk.inbox import Inbox, NotAllowedError
from desk.models import Kept, Note, now
from desk.record import Recorder
from desk.users import Users
from settings import Settings
from tests.ui.desk.conftest import OpenDesk, SignedIn
from ui import pages

UNKNOWN = "Does ketamine cure tinnitus?"
HOSTILE = "<img src=x onerror=alert(1)> $x^2$ **bold**"


def texts(at: AppTest) -> str:
    assert not at.exception
    return "\n".join(element.proto.body for element in at.get("html"))


def labels(at: AppTest) -> list[str]:
    return [found.label for found in at.button]


def press(at: AppTest, label: str) -> AppTest:
    return next(found for found in at.button if found.label == label).click().run()


def keep(database: Database, *asked: str) -> None:
    """Store questions as they are after the recorder has had them."""
    with database.writing() as session:
        first = session.query(Kept).count()
        for number, text in enumerate(asked, start=first):
            kept = Kept(answer_id=f"a{number}", at=now(), consent_at=now(), text=text, answer={}, reason="no_evidence")
            kept.outcome, kept.confidence, kept.language, kept.site = "no_evidence", "", "en", ""
            session.add(kept)


def open_first(at: AppTest) -> AppTest:
    return next(found for found in at.button if found.key.startswith("ka-open-")).click().run()


def test_what_a_reader_let_the_clinic_keep_is_shown_with_the_answer_they_saw(
    signed_in: SignedIn, open_desk: OpenDesk, database: Database, engine: Engine
) -> None:
    signed_in()
    answer = engine.ask(Question(text=UNKNOWN))
    settings = Settings(keep_unanswered=True)
    assert Recorder(settings, database).keep(Question(text=UNKNOWN), answer, consent=True)
    at = open_desk("inbox.py")
    assert "1 groups, 1 questions" in texts(at)
    at = open_first(at)
    shown = texts(at)
    assert UNKNOWN in shown and "What the reader saw" in shown
    assert answer.message and answer.message.text.split("\n")[0][:40] in shown.replace("&#x27;", "'")


def test_questions_that_ask_the_same_are_one_line_and_all_are_marked_together(
    signed_in: SignedIn, open_desk: OpenDesk, database: Database
) -> None:
    signed_in()
    keep(database, UNKNOWN, "can ketamine cure my tinnitus", "Where can I park at the clinic?")
    at = open_desk("inbox.py")
    assert "2 groups, 3 questions" in texts(at) and "2×" in texts(at)
    at = open_first(at)
    assert "The others of this group" in texts(at) and UNKNOWN in texts(at)
    at = press(at, "Mark as covered")
    assert "The whole group is marked as covered." in texts(at)
    at = press(at, "Back to the inbox")
    assert "1 groups, 1 questions" in texts(at)
    at = next(box for box in at.selectbox if box.label == "Status").set_value("covered").run()
    assert "1 groups, 2 questions" in texts(at)
    at = press(open_first(at), "Open again")
    assert Inbox(database).page().questions == 3


def test_notes_and_assignments_are_seen_by_the_next_one(
    signed_in: SignedIn, open_desk: OpenDesk, database: Database
) -> None:
    signed_in("editor", "boris")
    signed_in()
    keep(database, UNKNOWN)
    at = open_first(open_desk("inbox.py"))
    at.text_area[0].set_value("Ask <b>Dr. Lee</b>.")
    at = press(at, "Add note")
    at.selectbox[0].select_index(at.selectbox[0].options.index("boris"))
    at = press(at, "Assign")
    signed_in("reader", "ben")
    shown = texts(open_first(open_desk("inbox.py")))
    assert "Ask &lt;b&gt;Dr. Lee&lt;/b&gt;." in shown and "anna" in shown and "boris" in shown


def test_an_empty_note_is_refused_with_a_sentence(signed_in: SignedIn, open_desk: OpenDesk, database: Database) -> None:
    signed_in()
    keep(database, UNKNOWN)
    at = press(open_first(open_desk("inbox.py")), "Add note")
    assert "A note needs" in at.warning[0].value
    with database.reading() as session:
        assert session.query(Note).count() == 0


def test_a_reader_sees_everything_and_may_change_nothing(
    signed_in: SignedIn, open_desk: OpenDesk, database: Database
) -> None:
    user = signed_in("reader", "ben")
    keep(database, UNKNOWN)
    at = open_first(open_desk("inbox.py"))
    assert UNKNOWN in texts(at)
    assert labels(at) == ["Back to the inbox"]
    assert not at.text_area and not at.selectbox
    with pytest.raises(NotAllowedError):
        Inbox(database).set_status([1], "covered", user)


def test_who_lost_the_role_meanwhile_marks_nothing(
    signed_in: SignedIn, open_desk: OpenDesk, database: Database
) -> None:
    signed_in("admin", "root")
    signed_in()
    keep(database, UNKNOWN)
    at = open_first(open_desk("inbox.py"))
    Users(database).set_role("anna", "reader", "test")
    at = press(at, "Mark as covered")
    assert labels(at) == ["Back to the inbox"]
    assert Inbox(database).page().questions == 1


def test_what_readers_wrote_is_shown_literally(signed_in: SignedIn, open_desk: OpenDesk, database: Database) -> None:
    signed_in()
    keep(database, HOSTILE)
    at = open_desk("inbox.py")
    assert r"\*\*bold\*\*" in next(found.label for found in at.button if found.key.startswith("ka-open-"))
    assert "<img" not in texts(open_first(at))


def test_filters_narrow_the_list_and_stay_when_a_group_was_open(
    signed_in: SignedIn, open_desk: OpenDesk, database: Database
) -> None:
    signed_in()
    keep(database, UNKNOWN, "Where can I park at the clinic?")
    at = open_desk("inbox.py")
    at = next(found for found in at.text_input if found.label == "Words in the question").set_value("PARK").run()
    assert "1 groups, 1 questions" in texts(at)
    at = press(open_first(at), "Back to the inbox")
    assert "1 groups, 1 questions" in texts(at)
    tomorrow = now().date() + timedelta(days=1)
    at = next(found for found in at.date_input if found.label == "From").set_value(tomorrow).run()
    assert "0 groups, 0 questions" in texts(at)


def test_a_question_that_was_purged_while_it_was_open_leads_back_to_the_list(
    signed_in: SignedIn, open_desk: OpenDesk, database: Database
) -> None:
    signed_in()
    keep(database, UNKNOWN)
    at = open_first(open_desk("inbox.py"))
    with database.writing() as session:
        session.query(Kept).delete()
    assert "0 groups, 0 questions" in texts(at.run())


def test_many_new_questions_are_grouped_when_an_editor_asks_for_it(
    signed_in: SignedIn, open_desk: OpenDesk, database: Database
) -> None:
    signed_in()
    keep(database, *(f"Does ketamine help after {number} years of smoking?" for number in range(120)))
    inbox = Inbox(database)
    at = open_desk("inbox.py")
    waiting = inbox.waiting()
    assert 0 < waiting < 120
    at = press(at, "Put new questions into groups")
    assert "not in groups yet" not in texts(at)
    assert inbox.waiting() == 0


def test_an_answer_is_begun_from_a_question_where_there_is_a_page_for_it(
    signed_in: SignedIn, open_desk: OpenDesk, database: Database
) -> None:
    signed_in()
    keep(database, UNKNOWN)
    at = open_first(open_desk("inbox.py"))
    assert ("Write an FAQ answer" in labels(at)) == ("desk/faq.py" in pages.DESK)
