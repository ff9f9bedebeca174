"""The widget asks whether the clinic may keep a question, where the clinic keeps any, and never beside danger."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.widget_page import CRISIS, QUESTION, ask, kept_turns, open_chat, violations
from tests.browser.widget_server import Clinic

pytestmark = pytest.mark.browser
UNKNOWN = "Does it help tinnitus?"
KEEP = "Yes, keep this question"


def test_one_press_lets_the_clinic_keep_an_unanswered_question(reader: Page, clinic: Clinic) -> None:
    clinic.assistant.keeps = True
    open_chat(reader, clinic.put_page(clinic.snippet()))
    answer = ask(reader, UNKNOWN)
    expect(answer).to_contain_text("May the clinic keep this question, without your details")
    assert violations(reader) == []
    answer.get_by_role("button", name=KEEP).click()
    expect(answer).to_contain_text("The clinic keeps this question without your details.")
    expect(answer.get_by_role("button", name=KEEP)).to_have_count(0)
    (wish,) = clinic.assistant.kept
    assert (wish["consent"], wish["unhelpful"]) == (True, False)
    assert wish["question"]["text"] == UNKNOWN
    assert wish["question"]["id"] == kept_turns(reader)[0]["answer"]["id"]
    reader.reload()
    expect(reader.locator(".answer")).to_contain_text("The clinic keeps this question without your details.")


def test_a_good_answer_is_asked_about_only_after_a_no(reader: Page, clinic: Clinic) -> None:
    clinic.assistant.keeps = True
    open_chat(reader, clinic.put_page(clinic.snippet()))
    answer = ask(reader, QUESTION)
    expect(answer.get_by_role("button", name=KEEP)).to_have_count(0)
    answer.get_by_role("button", name="No", exact=True).click()
    answer.get_by_role("button", name=KEEP).click()
    expect(answer).to_contain_text("The clinic keeps this question")
    assert clinic.assistant.kept[0]["unhelpful"] is True


def test_nothing_is_asked_where_nothing_is_kept_or_somebody_is_in_danger(reader: Page, clinic: Clinic) -> None:
    open_chat(reader, clinic.put_page(clinic.snippet()))
    expect(ask(reader, UNKNOWN).get_by_role("button", name=KEEP)).to_have_count(0)
    clinic.assistant.keeps = True
    reader.reload()
    expect(reader.locator(".answer").get_by_role("button", name=KEEP)).to_have_count(1)
    expect(ask(reader, CRISIS).get_by_role("button", name=KEEP)).to_have_count(0)
