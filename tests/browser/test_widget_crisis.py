"""The widget when somebody may be in danger: help first and in sight, and nothing of it kept in the browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.widget_page import CRISIS, QUESTION, ask, kept, kept_turns, open_chat, send, settled
from tests.browser.widget_server import Clinic
from tests.widget_words import widget_words

pytestmark = pytest.mark.browser
SAFE = "I am safe now"


def test_help_comes_first_in_sight_and_unfolded(reader: Page, clinic: Clinic) -> None:
    open_chat(reader, clinic.put_page(clinic.snippet()))
    ask(reader, QUESTION)
    answer = ask(reader, CRISIS)
    call = answer.get_by_role("link", name="Call 988", exact=True)
    expect(call).to_be_in_viewport(ratio=1)
    expect(call).to_have_attribute("href", "tel:988")
    expect(answer.get_by_role("link", name="Text 988")).to_have_attribute("href", "sms:988")
    expect(answer.get_by_role("link", name="Text HOME to 741741")).to_have_attribute("href", "sms:741741?body=HOME")
    expect(answer.get_by_role("link", name="Call 988, then press 1")).to_have_attribute("href", "tel:988")
    expect(answer.get_by_role("link", name="911")).to_have_attribute("href", "tel:911")
    hrefs = answer.get_by_role("link").evaluate_all("links => links.map((a) => a.protocol)")
    assert set(hrefs) == {"tel:", "sms:", "https:"}
    help, message = answer.locator(".help.big"), answer.locator(".first > p").first
    expect(message).to_contain_text("Please call or text the line shown here now.")
    boxes = help.bounding_box(), message.bounding_box()
    assert boxes[0] and boxes[1] and boxes[0]["y"] < boxes[1]["y"]
    assert help.evaluate("e => e.closest('details') === null")
    expect(answer.get_by_role("group", name="Was this answer helpful?")).to_have_count(0)


def test_a_crisis_and_all_after_it_is_never_stored(reader: Page, clinic: Clinic) -> None:
    reader.add_init_script("""
        window.written = [];
        const original = Storage.prototype.setItem;
        Storage.prototype.setItem = function (key, value) {
            window.written.push(value);
            original.call(this, key, value);
        };
    """)
    open_chat(reader, clinic.put_page(clinic.snippet()))
    ask(reader, QUESTION)
    before = kept(reader)
    ask(reader, CRISIS)
    ask(reader, "Does it help tinnitus?")
    reader.get_by_role("button", name=SAFE).click()
    settled(reader)
    ask(reader, "Is it painful?")
    assert kept(reader) == before
    assert [turn["text"] for turn in kept_turns(reader)] == [QUESTION]
    written = reader.evaluate("window.written.join()")
    for secret in (CRISIS, SAFE, "988", "crisis", "tinnitus", "painful"):
        assert secret not in written, secret
    reader.reload()
    expect(reader.locator(".turn")).to_have_count(1)
    expect(reader.locator(".strip").get_by_role("link", name="988")).to_be_visible()


def test_the_server_is_told_of_the_crisis_until_the_reader_is_safe(reader: Page, clinic: Clinic) -> None:
    open_chat(reader, clinic.put_page(clinic.snippet()))
    ask(reader, QUESTION)
    ask(reader, CRISIS)
    answer = ask(reader, "How long does it last?")
    assert clinic.assistant.asked[-1]["history"] == [QUESTION, CRISIS]
    expect(answer.get_by_role("link", name="Call 988", exact=True)).to_be_visible()
    expect(reader.get_by_role("button", name=SAFE)).to_have_count(1)
    reader.get_by_role("button", name=SAFE).click()
    answer = settled(reader)
    assert clinic.assistant.asked[-1]["text"] == widget_words("en")["safe_now"]
    expect(answer).to_contain_text("Thank you for telling me that you are safe.")
    expect(answer.locator(".help:not(.big)")).to_contain_text("Help stays at hand")
    expect(reader.get_by_role("button", name=SAFE)).to_have_count(0)


def test_a_long_conversation_never_loses_its_crisis(reader: Page, clinic: Clinic) -> None:
    open_chat(reader, clinic.put_page(clinic.snippet()))
    ask(reader, QUESTION)
    ask(reader, CRISIS)
    reader.evaluate("""() => {
        const { talk } = document.querySelector("ketamine-answers-chat");
        for (let i = 0; i < 60; i++) talk.turns.push({ text: `later ${i}` });
    }""")
    ask(reader, "How long does it last?")
    history = clinic.assistant.asked[-1]["history"]
    assert CRISIS in history
    assert len(history) == 41


def test_the_other_question_is_answered_in_place_and_help_stays(reader: Page, clinic: Clinic) -> None:
    text = f"{CRISIS}. What are the side effects?"
    clinic.assistant.will("answer", "held")
    open_chat(reader, clinic.put_page(clinic.snippet()))
    ask(reader, text)
    reader.get_by_role("button", name="Answer my other question too").click()
    expect(reader.locator(".said p")).to_have_count(1)
    expect(reader.get_by_role("link", name="Call 988", exact=True)).to_be_visible()
    clinic.assistant.go_on.set()
    answer = settled(reader)
    expect(answer.locator(".said p")).to_have_count(3)
    expect(answer.get_by_role("link", name="Call 988", exact=True)).to_be_visible()
    expect(reader.locator(".turn")).to_have_count(1)
    assert clinic.assistant.asked[-1] == clinic.assistant.asked[0] | {"continue_after_help": True}
    expect(reader.get_by_role("button", name="Answer my other question too")).to_have_count(0)
    expect(reader.get_by_role("button", name=SAFE)).to_be_visible()
    assert CRISIS not in kept(reader)


def test_clear_and_close_takes_a_crisis_off_the_screen_at_once(reader: Page, clinic: Clinic) -> None:
    open_chat(reader, clinic.put_page(clinic.snippet()))
    ask(reader, CRISIS)
    reader.get_by_role("button", name="Clear and close").click()
    expect(reader.get_by_role("dialog")).to_have_count(0)
    assert CRISIS not in reader.locator("ketamine-answers-chat").evaluate("e => e.shadowRoot.textContent")
    reader.get_by_role("button", name="Ask a question").click()
    ask(reader, QUESTION)
    assert clinic.assistant.asked[-1]["history"] == []


def test_clearing_while_an_answer_is_on_its_way_leaves_nothing(reader: Page, clinic: Clinic) -> None:
    clinic.assistant.will("silent")
    open_chat(reader, clinic.put_page(clinic.snippet()))
    send(reader, CRISIS)
    expect(reader.locator(".thinking")).to_be_visible()
    reader.get_by_role("button", name="Clear and close").click()
    assert CRISIS not in reader.locator("ketamine-answers-chat").evaluate("e => e.shadowRoot.textContent")
    assert reader.evaluate("sessionStorage.length") == 0


def test_a_question_that_failed_is_not_stored_but_is_told_with_the_next(reader: Page, clinic: Clinic) -> None:
    clinic.assistant.will("broken")
    open_chat(reader, clinic.put_page(clinic.snippet()))
    answer = ask(reader, CRISIS)
    expect(answer.locator(".error")).to_contain_text("988 Suicide & Crisis Lifeline: 988")
    assert CRISIS not in kept(reader)
    answer = ask(reader, "How long does it last?")
    assert clinic.assistant.asked[-1]["history"] == [CRISIS]
    expect(answer.get_by_role("link", name="Call 988", exact=True)).to_be_visible()
    assert kept_turns(reader) == []


def test_in_an_emergency_of_the_body_its_number_comes_first(reader: Page, clinic: Clinic) -> None:
    open_chat(reader, clinic.put_page(clinic.snippet()))
    answer = ask(reader, "I took too many of my pills, an overdose, and I can't breathe")
    help = answer.locator(".help.big")
    expect(help.locator("h4 + .emergency")).to_contain_text("In danger right now, call 911")
    assert kept_turns(reader) == []
