"""The whole way of a reviewed answer in a real Chromium: anna writes, boris approves, a patient is answered by it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from desk.database import Database
from desk.users import Users
from ingest.embed import Embedder
from settings import PREFIX, ROOT
from tests.browser.conftest import PASSWORD, STAFF, environment, free_port, sign_in, started
from tests.browser.test_chat_browser import ask, no_sideways_scroll, open_chat
from tests.desk.three_cards import QUESTION, SENTENCE, small_settings

Another = Callable[..., Page]
pytestmark = pytest.mark.browser
TITLE = "Esketamine Nasal Spray"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[str]:
    """Address of an app with all pages on a small corpus of its own, since publishing changes the index."""
    folder = tmp_path_factory.mktemp("desk-faq")
    settings = small_settings(folder, embedder)
    given = environment(settings, free_port(), folder) | {f"{PREFIX}PAGES": "all", f"{PREFIX}ANSWER_THRESHOLD": "0.9"}
    database = Database(given[f"{PREFIX}DATABASE_URL"])
    for name in STAFF:
        Users(database).add(name, PASSWORD, "editor", "test")
    database.close()
    with started([str(ROOT / "app.py")], given, tmp_path_factory.mktemp("elsewhere")) as url:
        yield url


@pytest.fixture
def another(chromium: Browser) -> Iterator[Another]:
    """Opens somebody else's browser."""
    contexts: list[BrowserContext] = []

    def open_one(width: int = 1200) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 800})
        context.set_default_timeout(20_000)
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


def write(page: Page, url: str, question: str, sentence: str) -> None:
    """Fill the form of a new answer, its source found by the search."""
    page.goto(f"{url}/faq")
    page.get_by_role("button", name="Write a new answer").click()
    page.get_by_role("textbox", name="Ways to ask it").fill(question)
    page.get_by_label("Sentence 1", exact=True).fill(sentence)
    page.get_by_label("Sentence 1", exact=True).press("Control+Enter")
    page.get_by_text("Find sources for sentence 1").click()
    page.get_by_role("button", name=f"Use “{TITLE}” for sentence 1").first.click()
    expect(page.get_by_text("Sentence 1: its sources bear it out.")).to_be_visible()


def test_anna_writes_boris_approves_and_a_patient_is_answered_with_sources(another: Another, desk: str) -> None:
    patient, anna, boris = another(), another(), another()
    open_chat(patient, desk)
    expect(ask(patient, QUESTION)).not_to_contain_text(SENTENCE)
    sign_in(anna, desk, STAFF[0])
    write(anna, desk, QUESTION, SENTENCE)
    expect(anna.locator(".ka-answer .ka-sentence")).to_contain_text(SENTENCE)
    serious = [v["id"] for v in Axe().run(anna).response["violations"] if v["impact"] in ("serious", "critical")]
    assert serious == []
    anna.get_by_role("button", name="Submit for approval").click()
    expect(anna.get_by_text("Version 1 was submitted.")).to_be_visible()
    sign_in(boris, desk, STAFF[1])
    boris.goto(f"{desk}/faq")
    boris.get_by_role("button", name=QUESTION).click()
    boris.get_by_role("button", name="Approve version 1").click()
    start = time.monotonic()
    live = boris.get_by_text("Version 1 is live: questions are answered by it.")
    expect(live).to_be_visible(timeout=60_000)
    print(f"live after {time.monotonic() - start:.1f} s")
    answer = ask(patient, QUESTION)
    expect(answer).to_contain_text(SENTENCE)
    expect(patient.locator(".ka-card", has_text=TITLE).last).to_be_visible()


def test_a_phone_shows_the_form_without_scrolling_sideways(another: Another, desk: str) -> None:
    phone = another(375)
    sign_in(phone, desk)
    write(phone, desk, "Does my ride home have to be a family member?", SENTENCE)
    assert no_sideways_scroll(phone)
