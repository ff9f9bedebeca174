"""The staff's page that drafts a reply, in a real Chromium: paste, draft, edit, check, save, phone, accessibility."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.browser.test_chat_browser import no_sideways_scroll

pytestmark = pytest.mark.browser

MAIL = """Hello,

My name is Marjorie Quillfeather. Can I drive home after Spravato? And is ketamine addictive?

Many thanks,
Marjorie Quillfeather
"""
CRISIS = "Hi,\n\ncan I eat before the infusion? I want to kill myself and I have counted the pills.\n\nClaire"
EDIT = "We look forward to seeing you."


def draft(page: Page, url: str, mail: str) -> None:
    """Sign in, open the page, paste a mail and wait for the draft."""
    sign_in(page, url)
    page.goto(f"{url}/draft")
    page.get_by_role("textbox", name="The patient's e-mail").fill(mail)
    page.get_by_role("button", name="Draft a reply").click()
    expect(page.get_by_role("textbox", name="Edit the reply")).to_be_visible(timeout=60_000)


def test_staff_draft_edit_check_and_save_a_reply(reader: Page, desk_url: str, tmp_path: Path) -> None:
    draft(reader, desk_url, MAIL)
    box = reader.get_by_role("textbox", name="Edit the reply")
    text = box.input_value()
    assert text.startswith("Dear [name],") and "[1]" in text
    box.fill(f"{text}\n\n{EDIT}")
    reader.get_by_role("button", name="Check the edited text").click()
    expect(reader.locator(".ka-finding").first).to_be_visible(timeout=60_000)
    reader.get_by_text("Put the details back").click()
    expect(reader.get_by_test_id("stCode")).to_contain_text("Dear Marjorie Quillfeather,")
    assert "Quillfeather" not in box.input_value()
    with reader.expect_download() as saved:
        reader.get_by_role("button", name="Save as e-mail").click()
    saved.value.save_as(tmp_path / "reply.eml")
    message = message_from_bytes((tmp_path / "reply.eml").read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message["X-Unsent"] == "1"
    plain, page = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None and page is not None
    assert plain.get_content().startswith("Dear Marjorie Quillfeather,")
    assert EDIT in plain.get_content() and "\n[1] " in plain.get_content()
    assert EDIT in page.get_content() and 'href="#note-1"' in page.get_content()
    assert "<script" not in page.get_content()


def test_words_of_danger_raise_a_flag_with_numbers_to_call(reader: Page, desk_url: str) -> None:
    draft(reader, desk_url, CRISIS)
    flag = reader.locator(".ka-danger")
    expect(flag).to_contain_text("A person must phone or act now")
    expect(flag).to_contain_text("I want to kill myself")
    expect(flag.locator("a[href='tel:988']").first).to_be_visible()


def test_a_phone_shows_it_without_scrolling_sideways(phone: Page, desk_url: str) -> None:
    draft(phone, desk_url, CRISIS)
    assert no_sideways_scroll(phone)


def test_axe_finds_no_serious_problem_with_a_draft(reader: Page, desk_url: str) -> None:
    draft(reader, desk_url, CRISIS)
    reader.get_by_role("button", name="Check the edited text").click()
    expect(reader.locator(".ka-finding").first).to_be_visible(timeout=60_000)
    found = Axe().run(reader).response["violations"]
    serious = [
        (v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found if v["impact"] in ("serious", "critical")
    ]
    assert serious == []
