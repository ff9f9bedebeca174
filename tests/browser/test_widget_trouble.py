"""The widget when the server is slow, busy, broken or gone: a clear sentence, the crisis line, and another try."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.widget_page import QUESTION, ask, kept_turns, open_chat, send, settled
from tests.browser.widget_server import Clinic
from tests.widget_words import widget_words

pytestmark = pytest.mark.browser
WORDS = widget_words("en")


def says(answer: Locator, id: str) -> None:
    """This sentence, with the site's crisis line below it as a number to call."""
    error = answer.locator(".error")
    expect(error).to_contain_text(WORDS[id].split("{")[0])
    expect(error.get_by_role("link", name="988")).to_have_attribute("href", "tel:988")
    expect(error.get_by_role("link", name="911")).to_have_attribute("href", "tel:911")


def try_again(page: Page) -> None:
    page.get_by_role("button", name="Try again").click()
    settled(page)
    expect(page.locator(".said p")).to_have_count(3)
    expect(page.locator(".error")).to_have_count(0)
    expect(page.locator(".turn")).to_have_count(1)
    assert len(kept_turns(page)) == 1


@pytest.mark.parametrize(("behaviour", "id"), [("broken", "failed"), ("error", "failed")])
def test_a_failure_is_said_plainly_and_can_be_tried_again(
    reader: Page, clinic: Clinic, behaviour: str, id: str
) -> None:
    clinic.assistant.will(behaviour)
    open_chat(reader, clinic.put_page(clinic.snippet()))
    answer = ask(reader, QUESTION)
    says(answer, id)
    expect(answer.locator(".said p")).to_have_count(0)
    assert kept_turns(reader) == []
    try_again(reader)


def test_an_answer_cut_off_in_the_middle_keeps_what_was_checked(reader: Page, clinic: Clinic) -> None:
    clinic.assistant.will("half")
    open_chat(reader, clinic.put_page(clinic.snippet()))
    send(reader, QUESTION)
    expect(reader.locator(".said p")).to_have_count(1)
    clinic.assistant.go_on.set()
    says(settled(reader), "cut")
    expect(reader.locator(".said p")).to_have_count(1)
    assert kept_turns(reader) == []
    try_again(reader)


def test_a_question_that_is_refused_goes_back_into_the_box_to_be_shortened(reader: Page, clinic: Clinic) -> None:
    clinic.assistant.will("refused")
    open_chat(reader, clinic.put_page(clinic.snippet()))
    answer = ask(reader, QUESTION * 200)
    says(answer, "refused")
    expect(reader.locator("#box")).to_have_value(QUESTION * 200)
    expect(reader.get_by_role("button", name="Try again")).to_have_count(0)
    ask(reader, QUESTION)
    expect(reader.locator(".said p")).to_have_count(3)
    assert clinic.assistant.asked[-1]["history"] == []


def test_too_many_questions_names_the_wait_and_then_lets_try_again(reader: Page, clinic: Clinic) -> None:
    reader.clock.install()
    clinic.assistant.will("busy")
    open_chat(reader, clinic.put_page(clinic.snippet()))
    says(ask(reader, QUESTION), "busy")
    expect(reader.locator(".error")).to_contain_text("in 3 seconds")
    expect(reader.get_by_role("button", name="Try again")).to_be_disabled()
    reader.clock.fast_forward(4_000)
    try_again(reader)


def test_a_silent_server_is_first_excused_and_then_given_up(reader: Page, clinic: Clinic) -> None:
    reader.clock.install()
    clinic.assistant.will("silent")
    open_chat(reader, clinic.put_page(clinic.snippet()))
    send(reader, QUESTION)
    expect(reader.locator(".thinking")).to_have_text(WORDS["thinking"])
    expect(reader.locator(".strip")).to_contain_text("988")
    reader.clock.fast_forward(9_000)
    expect(reader.locator(".thinking")).to_have_text(WORDS["slow"])
    reader.clock.fast_forward(20_000)
    says(settled(reader), "dead")
    try_again(reader)


def test_offline_is_said_and_the_question_can_be_sent_later(reader: Page, clinic: Clinic) -> None:
    open_chat(reader, clinic.put_page(clinic.snippet()))
    reader.context.set_offline(True)
    says(ask(reader, QUESTION), "offline")
    reader.context.set_offline(False)
    try_again(reader)


def test_a_server_restarted_in_the_middle_of_an_answer(reader: Page, clinic: Clinic) -> None:
    clinic.assistant.will("held")
    open_chat(reader, clinic.put_page(clinic.snippet()))
    send(reader, QUESTION)
    expect(reader.locator(".said p")).to_have_count(1)
    clinic.api.stop()
    try:
        says(settled(reader), "cut")
        expect(reader.locator(".said p")).to_have_count(1)
        reader.get_by_role("button", name="Try again").click()
        says(settled(reader), "dead")
    finally:
        clinic.api.start()
    try_again(reader)


@pytest.mark.parametrize(("lang", "help"), [("en", WORDS["dead_help"]), ("el", widget_words("el")["dead_help"])])
def test_a_server_never_reached_still_leads_to_help(reader: Page, clinic: Clinic, lang: str, help: str) -> None:
    clinic.assistant.down = True
    words = widget_words(lang)
    reader.goto(clinic.put_page(clinic.snippet(), lang=lang))
    reader.get_by_role("button", name=words["open"]).click()
    error = reader.get_by_role("dialog").locator(".error")
    expect(error).to_contain_text(words["dead"])
    expect(error).to_contain_text(help)
    expect(reader.locator("#box")).to_be_hidden()
    clinic.assistant.down = False
    reader.get_by_role("button", name=words["retry"]).click()
    expect(reader.locator(".welcome")).to_be_visible()
    expect(reader.locator("#box")).to_be_focused()
    ask(reader, QUESTION)
    expect(reader.locator(".said p")).to_have_count(3)


def test_a_blocked_storage_stops_nobody(reader: Page, clinic: Clinic) -> None:
    reader.add_init_script(
        "const get = () => { throw new DOMException('blocked', 'SecurityError'); };"
        "Object.defineProperty(window, 'sessionStorage', { get });"
    )
    open_chat(reader, clinic.put_page(clinic.snippet()))
    ask(reader, QUESTION)
    expect(reader.locator(".said p")).to_have_count(3)


@pytest.mark.parametrize(
    "stored", ["no JSON", "null", '{"turns": 7}', '{"turns": [{"text": 1}, null]}', '{"turns": [{}]}']
)
def test_a_storage_full_of_rubbish_begins_anew(reader: Page, clinic: Clinic, stored: str) -> None:
    url = clinic.put_page(clinic.snippet())
    reader.goto(url)
    reader.evaluate("(stored) => sessionStorage.setItem('ketamine-answers:harbour', stored)", stored)
    open_chat(reader, url)
    expect(reader.locator(".welcome")).to_be_visible()
    ask(reader, QUESTION)
    expect(reader.locator(".said p")).to_have_count(3)
