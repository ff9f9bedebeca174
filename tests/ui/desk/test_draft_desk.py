"""The staff's page that drafts a reply: questions, danger, edits, the check, copies with and without details."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from answer.engine import Engine
from answer.schema import Question
from desk.draft import LONGEST_MAIL
from errors import OperatorError
from settings import ROOT
from tests.ui.desk.conftest import OpenDesk, SignedIn
from ui.shared import Parts

MAIL = """Hello,

My name is Marjorie Quillfeather. How long does a Spravato visit take? And can I drive home afterwards?

Many thanks,
Marjorie Quillfeather
"""
CRISIS = """Hi,

could I have my appointment at 10 am? I want to kill myself and I have counted the pills.

Claire
"""


@pytest.fixture
def drafted(signed_in: SignedIn, open_desk: OpenDesk) -> Callable[[str], AppTest]:
    """Opens the page as a reader of the desk and drafts a reply to a mail."""

    def draft(mail: str) -> AppTest:
        signed_in("reader")
        return press(open_desk("draft.py"), mail)

    return draft


def press(at: AppTest, mail: str) -> AppTest:
    at.text_area(key="ka_draft_mail").set_value(mail)
    next(button for button in at.button if button.label == "Draft a reply").click().run()
    assert not at.exception
    return at


def page_html(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def reply(at: AppTest) -> str:
    return str(at.text_area(key="ka_draft_text").value)


def copied(at: AppTest) -> str:
    return str(at.code[0].value)


def test_each_question_of_the_mail_is_answered_with_numbered_sources(drafted: Callable[[str], AppTest]) -> None:
    at = drafted(MAIL)
    text = reply(at)
    assert "How long does a Spravato visit take?" in text and "can I drive home afterwards?" in text
    assert "[1]" in text and 'class="ka-card"' in page_html(at)
    assert "\nSources\n[1] " in copied(at)


def test_details_are_placeholders_until_they_are_put_back(drafted: Callable[[str], AppTest]) -> None:
    at = drafted(MAIL)
    assert "Dear [name]," in reply(at)
    assert "Quillfeather" not in copied(at) + reply(at) + page_html(at)
    at.toggle[0].set_value(True).run()
    assert copied(at).startswith("Dear Marjorie Quillfeather,")
    assert "Quillfeather" not in reply(at)


def test_a_crisis_is_flagged_and_the_reply_begins_with_its_message(
    drafted: Callable[[str], AppTest], parts: Parts
) -> None:
    at = drafted(CRISIS)
    shown = page_html(at)
    assert parts.words.html("draft_danger_crisis") in shown and 'role="alert"' in shown and "tel:988" in shown
    assert parts.engine is not None
    message = parts.engine.ask(Question(text="I want to kill myself.")).message
    assert message is not None and reply(at).startswith(message.text)
    assert "988" in reply(at).partition("Dear")[0]


def test_what_the_sources_do_not_answer_is_listed_for_a_clinician(
    drafted: Callable[[str], AppTest], parts: Parts
) -> None:
    at = drafted("Hello,\n\nDoes ketamine make parrots sing opera in Verona? Should I double my lamotrigine?\n\nThanks")
    listed = page_html(at).partition("ka-clinician")[2].partition("</section>")[0]
    assert "parrots" in listed and parts.words.html("draft_why_no_evidence") in listed
    assert "lamotrigine" in listed and parts.words.html("draft_why_advice") in listed
    assert "parrots" not in reply(at)


def test_a_question_can_be_switched_off_reworded_and_added_and_the_old_text_brought_back(
    drafted: Callable[[str], AppTest],
) -> None:
    at = drafted(MAIL)
    at.text_area(key="ka_draft_text").set_value("My own words.").run()
    at.checkbox[0].set_value(False)
    at.text_input(key="ka_draft_asked_1_2").set_value("Is ketamine addictive?")
    at.text_input(key="ka_draft_own").set_value("Can I eat before a session?")
    at.button(key="ka-draft-again").click().run()
    assert not at.exception
    text = reply(at)
    assert "How long does" not in text and "drive" not in text.partition("You asked")[0]
    assert "Can I eat before a session?" in text
    assert [box.value for box in at.checkbox] == [True, True, False]
    at.button(key="ka-draft-back").click().run()
    assert reply(at) == "My own words."


def test_the_check_tells_of_a_sentence_that_lost_its_source_and_of_a_promise(
    drafted: Callable[[str], AppTest], parts: Parts
) -> None:
    at = drafted(MAIL)
    text = re.sub(r" (\[\d+\])+", "", reply(at), count=1) + "\n\nKetamine cures depression."
    at.text_area(key="ka_draft_text").set_value(text).run()
    at.button(key="ka-draft-check").click().run()
    assert not at.exception
    shown = page_html(at)
    assert parts.words.html("draft_trouble_lost") in shown
    assert parts.words.html("draft_trouble_unsourced") in shown
    assert "Ketamine cures depression." in shown.partition("ka-finding ka-label-overstated")[2]
    at.text_area(key="ka_draft_text").set_value(text + " More.").run()
    assert [warning.value for warning in at.warning] == [parts.words.text("draft_check_stale")]


def test_a_number_without_a_source_is_told_and_left_out_of_the_copy(drafted: Callable[[str], AppTest]) -> None:
    at = drafted(MAIL)
    at.text_area(key="ka_draft_text").set_value("It helps. [77]").run()
    assert "[77]" in at.warning[0].value
    assert "[77]" not in copied(at)


def test_nothing_entered_is_lost_by_a_rerun_another_page_or_a_failure(
    drafted: Callable[[str], AppTest], parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = drafted(MAIL)
    at.text_area(key="ka_draft_text").set_value("My own words.").run()
    at.run()
    assert reply(at) == "My own words."
    at.switch_page("desk/audit.py").run()
    at.switch_page("desk/draft.py").run()
    assert reply(at) == "My own words."
    assert at.text_area(key="ka_draft_mail").value == MAIL

    def down(*_: object) -> None:
        raise OperatorError("the index is gone")

    at = press(at, MAIL)
    at.button(key="ka-draft-back").click().run()
    assert reply(at) == "My own words."
    monkeypatch.setattr(Engine, "ask", down)
    at = press(at, MAIL + " Is it safe?")
    assert [error.value for error in at.error] == [parts.words.text("draft_failed")]
    assert at.text_area(key="ka_draft_mail").value == MAIL + " Is it safe?"


@pytest.mark.parametrize(("mail", "id"), [("  \n", "draft_empty"), ("Is it safe? " * 2000, "draft_too_long")])
def test_a_mail_that_cannot_be_read_is_told_in_a_sentence(
    drafted: Callable[[str], AppTest], parts: Parts, mail: str, id: str
) -> None:
    assert len(mail) > LONGEST_MAIL or not mail.strip()
    at = drafted(mail)
    assert [warning.value for warning in at.warning] == [parts.words.text(id)]
    assert at.text_area(key="ka_draft_mail").value == mail


def test_what_was_pasted_is_shown_literally(drafted: Callable[[str], AppTest]) -> None:
    shown = page_html(drafted("Is ketamine safe with <img src=x onerror=alert(1)> lithium?"))
    assert "<img" not in shown
    assert "&lt;img" in shown


def test_nothing_of_a_mail_is_written_to_disk_log_or_database(
    drafted: Callable[[str], AppTest], parts: Parts, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        at = drafted(MAIL + CRISIS)
        at.toggle[0].set_value(True).run()
        at.button(key="ka-draft-check").click().run()
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith(("streamlit", "asyncio"))]
    for secret in (b"Quillfeather", b"counted the pills", b"drive home afterwards"):
        assert not [str(file) for file in files(tmp_path) if secret in file.read_bytes()]
        assert not [str(file) for file in files(ROOT / "data") if secret in file.read_bytes()]
        assert not [line for line in logged if secret.decode() in line]


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
