"""From a reader's unanswered question to the staff's inbox, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from desk.database import Database
from desk.models import Feedback, Kept
from desk.users import Users
from settings import PREFIX, ROOT
from tests.browser.conftest import PASSWORD, STAFF, environment, free_port, sign_in, started
from tests.browser.test_chat_browser import no_sideways_scroll

pytestmark = pytest.mark.browser
UNKNOWN = "Does ketamine cure tinnitus? My name is John Miller."
KEEP = "Yes, keep this question"
READER = "ben"


@pytest.fixture(scope="module")
def clinic(engine: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """An app whose clinic keeps questions and takes some for itself, with two editors and a reader; its database."""
    folder = tmp_path_factory.mktemp("inbox")
    names = ("KEEP_UNANSWERED", "ASK_CLINIC", "KEEP_FEEDBACK_TEXT")
    on = {f"{PREFIX}{name}": "true" for name in names}
    given = environment(engine.settings, free_port(), folder) | on | {f"{PREFIX}PAGES": "all"}
    database = Database(given[f"{PREFIX}DATABASE_URL"])
    for name in (*STAFF, READER):
        Users(database).add(name, PASSWORD, "reader" if name == READER else "editor", "test")
    database.close()
    with started([str(ROOT / "app.py")], given, tmp_path_factory.mktemp("elsewhere")) as url:
        yield url, given[f"{PREFIX}DATABASE_URL"]


@pytest.fixture
def clinic_url(clinic: tuple[str, str]) -> str:
    return clinic[0]


def ask(page: Page, url: str, text: str = UNKNOWN, told: str = "The sources here don't") -> None:
    page.goto(url)
    box = page.get_by_placeholder("Type your question")
    box.fill(text)
    box.press("Enter")
    expect(page.get_by_text(told).first).to_be_visible(timeout=60_000)


def serious(page: Page) -> list[Any]:
    found = Axe().run(page).response["violations"]
    return [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found if v["impact"] in ("serious", "critical")]


def test_a_kept_question_is_found_noted_and_marked_by_staff(reader: Page, clinic_url: str) -> None:
    ask(reader, clinic_url)
    reader.get_by_role("button", name=KEEP).click()
    expect(reader.get_by_text("This question is kept for the Harbour Clinic")).to_be_visible(timeout=20_000)
    expect(reader.get_by_role("button", name=KEEP)).to_have_count(0)
    assert serious(reader) == []

    sign_in(reader, clinic_url)
    expect(reader).to_have_url(f"{clinic_url}/inbox")
    expect(reader.get_by_text("1 groups, 1 questions")).to_be_visible()
    assert serious(reader) == []
    reader.get_by_role("button", name="Does ketamine cure tinnitus?").click()
    expect(reader.locator(".ka-asked-text")).to_contain_text("Does ketamine cure tinnitus?")
    expect(reader.locator(".ka-asked-text")).not_to_contain_text("Miller")
    expect(reader.locator(".ka-asked")).to_contain_text("The sources here don't")
    reader.get_by_label("Add a note for your colleagues").fill("Ask the audiologist.")
    reader.get_by_role("button", name="Add note").click()
    expect(reader.locator(".ka-asked-others")).to_contain_text("Ask the audiologist.")
    assert serious(reader) == []
    reader.get_by_role("button", name="Mark as out of scope").click()
    expect(reader.get_by_text("The whole group is marked as out of scope.")).to_be_visible()
    reader.get_by_role("button", name="Back to the inbox").click()
    expect(reader.get_by_text("0 groups, 0 questions")).to_be_visible()


def test_a_role_reader_sees_it_but_can_press_nothing(phone: Page, clinic_url: str) -> None:
    ask(phone, clinic_url, "Can ketamine be given to parrots with tinnitus?")
    phone.get_by_role("button", name=KEEP).click()
    expect(phone.get_by_text("This question is kept for the Harbour Clinic")).to_be_visible(timeout=20_000)
    sign_in(phone, clinic_url, READER)
    assert no_sideways_scroll(phone)
    phone.get_by_role("button", name="parrots").click()
    expect(phone.locator(".ka-asked-text")).to_contain_text("parrots")
    assert no_sideways_scroll(phone)
    expect(phone.get_by_role("button", name="Back to the inbox")).to_be_visible()
    for name in ("Mark as covered", "Add note", "Assign"):
        expect(phone.get_by_role("button", name=name)).to_have_count(0)


def test_a_question_is_passed_on_and_answered_by_the_clinic(reader: Page, clinic_url: str) -> None:
    ask(reader, clinic_url)
    reader.get_by_text("Ask the Harbour Clinic for me").click()
    reader.get_by_label("Your e-mail address or phone number").fill("jo@example.com")
    reader.get_by_text("I agree that the Harbour Clinic stores").click()
    reader.get_by_role("button", name="Send to the clinic").click()
    expect(reader.get_by_text("Your question is with the Harbour Clinic now")).to_be_visible(timeout=20_000)

    sign_in(reader, clinic_url)
    reader.goto(f"{clinic_url}/tickets")
    reader.get_by_role("button", name="Does ketamine cure tinnitus?").click()
    reader.get_by_label("Your reply").fill("Nobody knows yet.")
    reader.get_by_role("button", name="Store the reply").click()
    expect(reader.get_by_text("Reply stored.")).to_be_visible()
    mail = reader.get_by_role("link", name="Write the e-mail in your mail program")
    expect(mail).to_have_attribute("href", "mailto:jo@example.com?subject=Your%20question%20to%20the%20Harbour%20Clinic"
                                           "&body=Nobody%20knows%20yet.")  # fmt: skip
    assert serious(reader) == []
    reader.get_by_role("button", name="Mark as answered and delete the contact").click()
    expect(reader.get_by_text("Answered. The contact is deleted.")).to_be_visible()
    expect(reader.get_by_text("jo@example.com")).to_have_count(0)


def test_after_a_thumb_down_the_reader_says_why_and_lets_the_clinic_keep_the_question(
    reader: Page, clinic: tuple[str, str]
) -> None:
    url, address = clinic
    ask(reader, url, "What are the common side effects of ketamine?", "Where this comes from")
    expect(reader.get_by_role("button", name=KEEP)).to_have_count(0)
    reader.get_by_role("radio", name="Thumbs down").click()
    reader.get_by_label("Would you like to tell us what was missing or wrong?").fill("The answer was too long.")
    reader.get_by_role("button", name="Send", exact=True).click()
    expect(reader.get_by_text("Thank you for telling us.")).to_be_visible(timeout=20_000)
    reader.get_by_role("button", name=KEEP).click()
    expect(reader.get_by_text("This question is kept")).to_be_visible(timeout=20_000)
    assert serious(reader) == []
    reader.reload()
    expect(reader.get_by_text("This question is kept")).to_be_visible(timeout=20_000)
    database = Database(address)
    with database.reading() as session:
        vote = session.query(Feedback).one()
        kept = session.query(Kept).where(Kept.answer_id == vote.answer_id).one()
    database.close()
    assert (vote.helpful, vote.text, kept.reason) == (False, "The answer was too long.", "unhelpful")
