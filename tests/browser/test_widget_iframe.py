"""The chat page in a frame, for websites that can't carry a script: ``/?embed=true`` of the started app."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

pytestmark = pytest.mark.browser

QUESTION = "What are the common side effects of ketamine?"
CRISIS = "I want to kill myself tonight"


def ask(chat: Page | Frame, text: str, answers: int) -> None:
    box = chat.get_by_role("textbox")
    expect(box).to_be_enabled()
    box.fill(text)
    box.press("Enter")
    expect(chat.locator(".ka-answer")).to_have_count(answers)
    expect(chat.get_by_role("status")).not_to_be_empty()
    expect(box).to_be_enabled()


def sideways(chat: Page | Frame) -> bool:
    return bool(
        chat.evaluate(
            "[document.documentElement, ...document.querySelectorAll('.stMain')]"
            ".some((e) => e.scrollWidth > e.clientWidth)"
        )
    )


def test_the_embedded_chat_answers_and_helps_in_a_frame_of_400_pixels(chromium: Browser, app_url: str) -> None:
    context = chromium.new_context(viewport={"width": 1000, "height": 800})
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(f"{app_url}/_stcore/health")
    page.evaluate("""() => {
        const frame = document.createElement("iframe");
        Object.assign(frame, { src: "/?embed=true", title: "Chat", width: 400, height: 640 });
        document.body.replaceChildren(frame);
    }""")
    chat = page.frame(url=lambda url: "embed=true" in url) or page.wait_for_event(
        "framenavigated", predicate=lambda frame: "embed=true" in frame.url
    )
    expect(chat.get_by_text("I am an automated assistant")).to_be_visible()
    expect(chat.locator(".ka-strip")).to_contain_text("988")
    assert not sideways(chat)
    ask(chat, QUESTION, 1)
    expect(chat.locator(".ka-cite a").first).to_be_visible()
    assert not sideways(chat)
    ask(chat, CRISIS, 2)
    expect(chat.get_by_role("link", name="Call 988", exact=True)).to_be_in_viewport()
    assert not sideways(chat)
    context.close()
