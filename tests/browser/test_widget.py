"""The widget on a clinic's page: what a visitor asks, reads, keeps and clears."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.widget_page import CRISIS, QUESTION, TAG, ask, kept, kept_turns, open_chat, send, settled
from tests.browser.widget_server import Clinic
from tests.widget_words import widget_words

pytestmark = pytest.mark.browser


def test_an_answer_grows_sentence_by_sentence_and_each_number_opens_its_source(reader: Page, clinic: Clinic) -> None:
    clinic.assistant.will("held")
    open_chat(reader, clinic.put_page(clinic.snippet()))
    expect(
        reader.get_by_role("dialog").get_by_text("I am an automated assistant of the Harbour Clinic")
    ).to_be_visible()
    send(reader, QUESTION)
    expect(reader.locator(".said p")).to_have_count(1)
    expect(reader.get_by_role("button", name="Stop")).to_be_visible()
    clinic.assistant.go_on.set()
    answer = settled(reader)
    expect(reader.locator(".said p")).to_have_count(3)
    expect(reader.get_by_role("button", name="Send")).to_be_visible()

    mark = answer.get_by_role("button", name="Source 1: Spravato prescribing information").first
    mark.click()
    card = reader.locator(".card").first
    expect(card).to_be_focused()
    expect(card).to_be_in_viewport()
    expect(card).to_contain_text("Common effects were dissociation")
    expect(card).to_contain_text("FDA · 2025 · Strong evidence")
    link = card.get_by_role("link", name="Open the public source")
    expect(link).to_have_attribute("href", "https://www.fda.gov/label")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(link).to_have_attribute("target", "_blank")
    card.get_by_role("button", name="Back to the answer").click()
    expect(mark).to_be_focused()


def test_a_source_is_shown_as_text_and_never_linked_to_a_script(reader: Page, clinic: Clinic) -> None:
    open_chat(reader, clinic.put_page(clinic.snippet()))
    ask(reader, "<img src=x onerror=alert(1)>")
    expect(reader.locator(".typed")).to_have_text("<img src=x onerror=alert(1)>")
    own = reader.locator(".card").nth(1)
    expect(own).to_contain_text("We measure <b>blood pressure</b> before")
    expect(own).to_contain_text("The clinic sells this treatment")
    expect(own.get_by_role("link", include_hidden=True)).to_have_count(0)
    expect(reader.locator("img")).to_have_count(0)


def test_suggested_questions_are_asked_and_earlier_questions_go_along(reader: Page, clinic: Clinic) -> None:
    open_chat(reader, clinic.put_page(clinic.snippet()))
    reader.get_by_role("button", name=QUESTION).click()
    settled(reader)
    expect(reader.locator(".welcome")).to_have_count(0)
    reader.get_by_role("button", name="How long does the effect last?").click()
    settled(reader)
    first, second = clinic.assistant.asked
    assert first == {"text": QUESTION, "history": [], "site": "harbour", "detail": "plain"}
    assert second["history"] == [QUESTION]
    assert {h.get("origin") for h in clinic.assistant.headers if "content-type" in h} == {clinic.host.url}
    assert not any("cookie" in headers or "referer" in headers for headers in clinic.assistant.headers)


def test_without_evidence_the_message_stands_alone(reader: Page, clinic: Clinic) -> None:
    open_chat(reader, clinic.put_page(clinic.snippet()))
    answer = ask(reader, "Does it help tinnitus?")
    expect(answer).to_contain_text("The sources here don't answer that")
    expect(answer.locator(".sources")).to_be_hidden()


def test_a_vote_is_sent_once_and_stays_given(reader: Page, clinic: Clinic) -> None:
    open_chat(reader, clinic.put_page(clinic.snippet()))
    answer = ask(reader, QUESTION)
    answer.get_by_role("group", name="Was this answer helpful?").get_by_role("button", name="Yes").click()
    expect(answer).to_contain_text("Thank you.")
    assert [(vote["helpful"], vote["site"]) for vote in clinic.assistant.votes] == [(True, "harbour")]
    assert clinic.assistant.votes[0]["answer_id"] == kept_turns(reader)[0]["answer"]["id"]
    reader.reload()
    expect(reader.locator(".answer")).to_contain_text("Thank you.")


def test_a_reload_keeps_the_conversation_in_this_tab_only(reader: Page, clinic: Clinic) -> None:
    url = clinic.put_page(clinic.snippet())
    open_chat(reader, url)
    told = ask(reader, QUESTION).inner_text()
    reader.reload()
    expect(reader.locator(".answer")).to_be_visible()
    assert reader.locator(".answer").inner_text() == told
    assert reader.evaluate("document.activeElement === document.body"), "a page load takes nobody's focus"
    ask(reader, "And for how long?")
    assert clinic.assistant.asked[-1]["history"] == [QUESTION]
    assert reader.evaluate("localStorage.length") == 0
    assert reader.context.cookies() == []
    other = reader.context.new_page()
    open_chat(other, url)
    expect(other.locator(".answer")).to_have_count(0)


def test_clear_and_close_leaves_nothing_and_a_new_conversation_begins_anew(reader: Page, clinic: Clinic) -> None:
    open_chat(reader, clinic.put_page(clinic.snippet()))
    ask(reader, QUESTION)
    reader.get_by_role("button", name="New conversation").click()
    expect(reader.locator(".welcome")).to_be_visible()
    expect(reader.locator("#box")).to_be_focused()
    assert QUESTION not in kept(reader)
    ask(reader, QUESTION)
    assert clinic.assistant.asked[-1]["history"] == []
    reader.get_by_role("button", name="Clear and close").click()
    expect(reader.get_by_role("dialog")).to_have_count(0)
    expect(reader.get_by_role("button", name="Ask a question")).to_be_focused()
    assert reader.evaluate("sessionStorage.length") == 0


def test_stop_ends_an_answer_that_can_be_asked_again(reader: Page, clinic: Clinic) -> None:
    clinic.assistant.will("held")
    open_chat(reader, clinic.put_page(clinic.snippet()))
    send(reader, QUESTION)
    expect(reader.locator(".said p")).to_have_count(1)
    reader.get_by_role("button", name="Stop").click()
    expect(settled(reader)).to_contain_text("This question was stopped before it was answered.")
    reader.get_by_role("button", name="Try again").click()
    settled(reader)
    expect(reader.locator(".said p")).to_have_count(3)
    expect(reader.locator(".turn")).to_have_count(1)


def test_two_sites_on_one_page_have_their_own_language_side_colour_and_memory(reader: Page, clinic: Clinic) -> None:
    reader.goto(clinic.put_page(clinic.snippet("harbour"), clinic.snippet("faro")))
    harbour, faro = (reader.locator(f"{TAG}[data-site={site}]") for site in ("harbour", "faro"))
    left, right = faro.locator(".launch"), harbour.locator(".launch")
    expect(left).to_have_text("Haga una pregunta")
    expect(left).to_have_css("background-color", "rgb(242, 201, 76)")
    expect(left).to_have_css("color", "rgb(0, 0, 0)")
    expect(right).to_have_css("color", "rgb(255, 255, 255)")
    place, other_place = left.bounding_box(), right.bounding_box()
    assert place and place["x"] < 100
    assert other_place and other_place["x"] > 900
    left.click()
    expect(faro.locator(".log")).to_contain_text("Bienvenida a la clínica Faro.")
    expect(faro.locator(".strip")).to_contain_text("112")
    faro.locator("#box").fill("¿Cuánto dura?")
    faro.locator("#box").press("Enter")
    expect(faro.locator(".answer")).to_have_attribute("lang", "es")
    expect(faro.locator(".said p")).to_have_count(3)
    assert clinic.assistant.asked[-1]["site"] == "faro"
    assert "harbour" not in kept(reader)


def test_an_arabic_site_reads_from_right_to_left_and_a_quote_stays_english(reader: Page, clinic: Clinic) -> None:
    reader.goto(clinic.put_page(clinic.snippet("noor"), lang="ar"))
    reader.get_by_role("button", name=widget_words("ar")["open"]).click()
    ask(reader, "What are the side effects?")
    expect(reader.get_by_role("dialog")).to_have_css("direction", "rtl")
    expect(reader.locator(".answer")).to_have_attribute("dir", "rtl")
    expect(reader.locator(".answer")).to_have_attribute("lang", "ar")
    expect(reader.locator("blockquote").first).to_have_attribute("lang", "en")
    send_x = reader.locator(".send").bounding_box()
    box_x = reader.locator("#box").bounding_box()
    assert send_x and box_x and send_x["x"] < box_x["x"]


def test_attributes_set_language_greeting_side_colour_and_scheme(reader: Page, clinic: Clinic) -> None:
    attributes = {"language": "de", "greeting": "Grüß Gott", "position": "left", "accent": "#7b2d8b", "scheme": "dark"}
    reader.goto(clinic.put_page(clinic.snippet(**attributes, open="")))
    panel = reader.get_by_role("dialog")
    expect(panel).to_contain_text("Grüß Gott")
    expect(panel).to_contain_text(widget_words("de")["title"])
    expect(panel.locator("header")).to_have_css("background-color", "rgb(123, 45, 139)")
    expect(panel).to_have_css("background-color", "rgb(32, 30, 27)")
    assert reader.evaluate("document.activeElement === document.body"), "starting open takes nobody's focus"
    ask(reader, "Wie lange?")
    assert clinic.assistant.asked[-1]["language"] == "de"


def test_css_variables_of_the_page_stand_above_the_site_and_the_attributes(reader: Page, clinic: Clinic) -> None:
    style = f"<style>{TAG} {{ --ka-accent: rgb(10, 60, 120); --ka-radius: 3px; --ka-width: 350px }}</style>"
    open_chat(reader, clinic.put_page(clinic.snippet(accent="red"), head=style))
    panel = reader.get_by_role("dialog")
    expect(panel.locator("header")).to_have_css("background-color", "rgb(10, 60, 120)")
    expect(panel).to_have_css("border-top-left-radius", "3px")
    expect(panel).to_have_css("width", "350px")


@pytest.mark.parametrize("attribute", ["greeting", "accent", "position", "language", "scheme", "target"])
def test_an_attribute_full_of_html_is_harmless(reader: Page, clinic: Clinic, attribute: str) -> None:
    alerts: list[str] = []

    def refuse(dialog: Dialog) -> None:
        alerts.append(dialog.message)
        dialog.dismiss()

    reader.on("dialog", refuse)
    reader.on("pageerror", lambda error: alerts.append(str(error)))
    hostile = "\"><img src=x onerror=alert(1)><script>alert(2)</script>{url('//evil.example')}"
    open_chat(reader, clinic.put_page(clinic.snippet(**{attribute: hostile})))
    ask(reader, QUESTION)
    expect(reader.locator("img")).to_have_count(0)
    if attribute == "greeting":
        reader.get_by_role("button", name="New conversation").click()
        expect(reader.locator(".welcome p").first).to_have_text(hostile)
    assert alerts == []


@pytest.mark.parametrize("site", ["nobody", '"><script>alert(1)</script>', "../../feedback"])
def test_an_unknown_site_shows_no_button_and_says_why_in_the_console(reader: Page, clinic: Clinic, site: str) -> None:
    with reader.expect_console_message(lambda m: m.type == "error" and "Ketamine Answers" in m.text) as said:
        reader.goto(clinic.put_page(clinic.snippet(site)))
    assert site in said.value.text
    expect(reader.locator(".launch")).to_be_hidden()


def test_inline_the_chat_stands_in_the_page_without_button_or_dialog(reader: Page, clinic: Clinic) -> None:
    snippet = clinic.snippet(mode="inline", target="#here")
    reader.goto(clinic.put_page(snippet, body='<div id="here"></div>'))
    chat = reader.locator(f"#here > {TAG}")
    expect(chat.locator(".welcome")).to_be_visible()
    expect(reader.get_by_role("dialog")).to_have_count(0)
    expect(reader.locator(".launch")).to_be_hidden()
    ask(reader, QUESTION)
    ask(reader, CRISIS)
    expect(reader.get_by_role("link", name="Call 988", exact=True)).to_be_visible()
    assert reader.evaluate("scrollY") == 0, "the chat scrolls, the page around it doesn't"


def test_a_page_may_place_the_element_itself_and_open_it_by_a_link_of_its_own(reader: Page, clinic: Clinic) -> None:
    body = f'<{TAG} data-site="harbour" data-mode="button"></{TAG}>'
    reader.goto(clinic.put_page(f'<script src="{clinic.api.url}/widget.js" defer></script>', body=body))
    expect(reader.get_by_role("button", name="Ask a question")).to_be_visible()
    reader.evaluate(f"document.querySelector('{TAG}').open()")
    expect(reader.locator("#box")).to_be_focused()


def test_a_page_that_moves_the_element_keeps_button_and_conversation(reader: Page, clinic: Clinic) -> None:
    open_chat(reader, clinic.put_page(clinic.snippet()))
    ask(reader, QUESTION)
    reader.evaluate(f"document.querySelector('main').append(document.querySelector('{TAG}'))")
    expect(reader.get_by_role("dialog")).to_have_count(0)
    reader.get_by_role("button", name="Ask a question").click()
    expect(reader.locator(".answer")).to_be_visible()


def test_a_snippet_pasted_twice_gives_one_button(reader: Page, clinic: Clinic) -> None:
    errors: list[str] = []
    reader.on("pageerror", lambda error: errors.append(str(error)))
    reader.goto(clinic.put_page(clinic.snippet(), clinic.snippet()))
    expect(reader.locator(".launch")).to_have_count(1)
    assert errors == []


def test_nothing_is_fetched_but_from_the_clinic_and_its_assistant(reader: Page, clinic: Clinic) -> None:
    asked: list[str] = []
    reader.on("request", lambda request: asked.append(request.url))
    open_chat(reader, clinic.put_page(clinic.snippet()))
    ask(reader, QUESTION)
    here = (clinic.host.url, clinic.api.url)
    assert [url for url in asked if not url.startswith(here)] == []
    paths = [url.removeprefix(clinic.api.url) for url in asked if url.startswith(clinic.api.url)]
    assert paths == ["/widget.js", "/api/v1/sites/harbour", "/api/v1/ask/stream"]


def test_the_demonstration_pages_carry_the_chat_under_a_strict_policy(reader: Page, clinic: Clinic) -> None:
    problems: list[str] = []
    reader.on("pageerror", lambda error: problems.append(str(error)))
    reader.on("console", lambda message: problems.append(message.text))
    open_chat(reader, f"{clinic.api.url}/demo")
    ask(reader, QUESTION)
    expect(reader.locator(".said p")).to_have_count(3)
    reader.get_by_role("button", name="Close the chat").click()
    reader.get_by_role("link", name="Our article").click()
    expect(reader.get_by_role("note")).to_contain_text("This is the clinic's own text.")
    expect(reader.locator("#chat .answer")).to_be_visible()
    expect(reader.locator("article")).not_to_contain_text(re.compile("Διαβάζω"))
    assert [problem for problem in problems if "Content Security" in problem] == []
