"""The staff's page that checks a text, in a real Chromium: labels, cards, filter, saved files, phone, accessibility."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.browser.test_chat_browser import no_sideways_scroll

pytestmark = pytest.mark.browser

LETTER = (
    "Dear reader,\n\nKetamine cures depression. After a Spravato session, people should not drive until the next day, "
    "following a restful sleep. Our parrots whistle Mozart in the waiting room."
)
SENTENCES = 4


def check(page: Page, url: str, text: str) -> None:
    """Sign in, open the page, paste a text and wait for its findings."""
    sign_in(page, url)
    page.goto(f"{url}/audit")
    page.get_by_label("The text to check").fill(text)
    page.get_by_role("button", name="Check this text").click()
    expect(page.locator(".ka-done")).to_be_visible()
    expect(page.locator(".ka-finding")).to_have_count(SENTENCES)


def test_staff_check_a_text_filter_it_and_save_what_was_found(reader: Page, desk_url: str, tmp_path: Path) -> None:
    check(reader, desk_url, LETTER)
    flagged = reader.locator(".ka-label-overstated.ka-finding")
    expect(flagged).to_have_count(1)
    expect(flagged).to_contain_text("Overstated")
    flagged.locator("summary").click()
    expect(flagged.locator(".ka-card").first).to_be_in_viewport()
    expect(flagged.locator(".ka-card mark").first).not_to_be_empty()
    flagged.get_by_role("link", name="Back to the sentence").first.click()
    expect(flagged).to_be_in_viewport()
    with reader.expect_download() as saved:
        reader.get_by_role("button", name="Save as JSON").click()
    saved.value.save_as(tmp_path / "found.json")
    assert len(json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))) == SENTENCES
    reader.get_by_role("button", name="Overstated (1)").click()
    expect(reader.locator(".ka-finding")).to_have_count(1)


def test_a_phone_shows_it_without_scrolling_sideways(phone: Page, desk_url: str) -> None:
    check(phone, desk_url, LETTER)
    assert no_sideways_scroll(phone)


def test_axe_finds_no_serious_problem_with_the_findings(reader: Page, desk_url: str) -> None:
    check(reader, desk_url, LETTER)
    reader.locator(".ka-finding summary").first.click()
    found = Axe().run(reader).response["violations"]
    serious = [
        (v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found if v["impact"] in ("serious", "critical")
    ]
    assert serious == []
