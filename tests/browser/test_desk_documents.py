"""The whole way of a document in a real Chromium: uploaded, approved by somebody else, cited in the chat, withdrawn."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from desk.database import Database
from desk.documents import Documents
from desk.users import Users
from settings import PREFIX, ROOT
from tests.browser.conftest import PASSWORD, STAFF, environment, free_port, sign_in, started
from tests.browser.test_chat_browser import ask, no_sideways_scroll, open_chat
from tests.made_files import make_pdf

pytestmark = pytest.mark.browser

SENTENCE = "Sixty adults who heard harp music during a ketamine infusion reported less fear than those in silence."
LEAFLET = make_pdf(
    [
        [("Harp music during ketamine infusions", 20), "", SENTENCE],
        ["Nausea was as common in both groups."],
    ]
)
QUESTION = "Does harp music during a ketamine infusion help against fear?"
SECONDS = 150_000


@pytest.fixture(scope="module")
def url(engine: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an app with an index of its own, which publishing may change."""
    folder = tmp_path_factory.mktemp("documents")
    own = engine.settings.model_copy(update={"data_dir": folder / "data"})
    for name in (own.collection, f"{own.collection}-faq"):
        shutil.copytree(engine.settings.data_dir / name, own.data_dir / name)
    given = environment(own, free_port(), folder) | {f"{PREFIX}PAGES": "all"}
    database = Database(given[f"{PREFIX}DATABASE_URL"])
    staff = [Users(database).add(name, PASSWORD, "editor", "test") for name in STAFF]
    Documents(database, own, lambda sentences: []).upload("rest.md", b"Rest for one day.", staff[0])
    database.close()
    with started([str(ROOT / "app.py")], given, tmp_path_factory.mktemp("elsewhere")) as address:
        yield address


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Publishing takes both cores for a while."""
    expect.set_options(timeout=60_000)
    yield
    expect.set_options(timeout=5_000)


def new_page(chromium: Browser) -> Page:
    page = chromium.new_context(viewport={"width": 1200, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    return page


def open_documents(page: Page, url: str, name: str) -> None:
    sign_in(page, url, name)
    page.goto(f"{url}/documents")
    expect(page.get_by_role("heading", name="Documents")).to_be_visible()


def answer(chromium: Browser, url: str, question: str) -> str:
    """What a new reader is shown for a question."""
    page = new_page(chromium)
    open_chat(page, url)
    ask(page, question)
    return page.locator("body").inner_text()


def settled(page: Page) -> None:
    """Wait until the page has been drawn whole: a press while it is drawn anew can be lost on a busy machine."""
    expect(page.locator("[data-test-script-state=notRunning]").first).to_be_attached(timeout=SECONDS)


def test_a_pdf_is_uploaded_approved_by_somebody_else_cited_and_gone_again(
    chromium: Browser, url: str, tmp_path: Path
) -> None:
    path = tmp_path / "harp.pdf"
    path.write_bytes(LEAFLET)
    anna, boris = new_page(chromium), new_page(chromium)
    open_documents(anna, url, "anna")
    anna.locator("input[type=file]").set_input_files(path)
    expect(anna.get_by_text("harp.pdf")).to_be_visible()
    anna.get_by_role("button", name="Upload and read").click()
    expect(anna.get_by_text("was added. Read it through")).to_be_visible()
    expect(anna.get_by_label("Text of page 1")).to_have_value(f"## Harp music during ketamine infusions\n\n{SENTENCE}")
    expect(anna.get_by_role("button", name="Approve this document")).to_be_disabled()

    open_documents(boris, url, "boris")
    boris.get_by_role("button", name="Open: Harp music during ketamine infusions").click()
    settled(boris)
    boris.get_by_role("button", name="Approve this document").click()
    expect(boris.locator(".ka-doc-live").first).to_be_visible(timeout=SECONDS)

    shown = answer(chromium, url, QUESTION)
    assert SENTENCE in shown
    assert "Harp music during ketamine infusions" in shown

    boris.get_by_role("button", name="Withdraw …").click()
    boris.get_by_role("button", name="Withdraw it now").click()
    expect(boris.locator(".ka-doc-withdrawn").first).to_be_visible()
    expect(boris.get_by_text("Published.")).to_be_visible(timeout=SECONDS)
    boris.wait_for_timeout(1500)  # other processes look for a new index once a second
    assert SENTENCE not in answer(chromium, url, QUESTION)


def test_the_clinics_facts_answer_with_the_clinic_named_as_their_source(chromium: Browser, url: str) -> None:
    fact = "Patients park free of charge in the garage on Mill Street."
    anna, boris = new_page(chromium), new_page(chromium)
    open_documents(anna, url, "anna")
    anna.get_by_role("tab", name="The clinic's facts").click()
    anna.get_by_label("Title of these facts").fill("Parking")
    anna.get_by_label("Facts, one a line").fill(fact)
    anna.get_by_role("button", name="Add these facts").click()
    expect(anna.get_by_text("was added. Read it through")).to_be_visible()
    open_documents(boris, url, "boris")
    boris.get_by_role("button", name="Open: Parking").click()
    settled(boris)
    boris.get_by_role("button", name="Approve this document").click()
    expect(boris.locator(".ka-doc-live").first).to_be_visible(timeout=SECONDS)
    shown = answer(chromium, url, "Where can I park?")
    assert fact in shown
    assert "the Harbour Clinic" in shown


def test_a_phone_shows_it_without_scrolling_sideways(phone: Page, url: str, tmp_path: Path) -> None:
    open_documents(phone, url, "anna")
    assert no_sideways_scroll(phone)
    phone.get_by_role("button", name="Open:").first.click()
    expect(phone.get_by_text("To look at before approval")).to_be_visible()
    assert no_sideways_scroll(phone)


def test_axe_finds_no_serious_problem(reader: Page, url: str) -> None:
    open_documents(reader, url, "anna")
    assert serious(reader) == []
    reader.get_by_role("button", name="Open:").first.click()
    expect(reader.get_by_text("To look at before approval")).to_be_visible()
    assert serious(reader) == []


def serious(page: Page) -> list[tuple[str, list[str]]]:
    found = Axe().run(page).response["violations"]
    return [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found if v["impact"] in ("serious", "critical")]
