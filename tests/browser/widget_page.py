"""What a visitor does with the widget, for tests: open it, ask, read what is kept in the tab."""

from __future__ import annotations

import json
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

QUESTION = "What are the common side effects?"
CRISIS = "I want to kill myself tonight"
TAG = "ketamine-answers-chat"


def open_chat(page: Page, url: str) -> Locator:
    """Open the page, then the chat by its button; the box to type in."""
    page.goto(url)
    page.get_by_role("button", name="Ask a question").click()
    box = page.get_by_role("textbox", name="Your question")
    expect(box).to_be_visible()
    return box


def ask(page: Page, text: str) -> Locator:
    """Type a question and wait until it is answered or has failed; what came of it."""
    send(page, text)
    return settled(page)


def send(page: Page, text: str) -> None:
    """Type a question and send it."""
    box = page.locator("#box")
    box.fill(text)
    box.press("Enter")


def settled(page: Page) -> Locator:
    """The last answer, once nothing is under way."""
    expect(page.locator("button.send")).to_have_attribute("data-busy", "false")
    return page.locator(".answer").last


def kept(page: Page) -> str:
    """Everything that this tab has stored, as text."""
    return str(page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])"))


def kept_turns(page: Page, site: str = "harbour") -> list[dict[str, Any]]:
    """The turns kept for the next page."""
    stored = page.evaluate(f"sessionStorage.getItem('ketamine-answers:{site}')")
    turns: list[dict[str, Any]] = json.loads(stored)["turns"] if stored else []
    return turns


def focused(page: Page) -> str:
    """Class or id of what has the focus inside the widget; empty when the focus is outside."""
    told = page.evaluate(f"(() => {{ const e = document.querySelector('{TAG}').shadowRoot.activeElement;"
                         " return e ? e.id || e.className || e.textContent : ''; })()")  # fmt: skip
    return str(told)


def no_sideways_scroll(page: Page) -> bool:
    """True when neither the page nor the chat is wider than what shows it."""
    return bool(
        page.evaluate(
            f"[document.documentElement, ...document.querySelector('{TAG}').shadowRoot.querySelectorAll('*')]"
            ".filter((e) => !e.matches('.sr, .sr *, textarea')).every((e) => e.scrollWidth <= e.clientWidth + 1 ||"
            " getComputedStyle(e).display === 'inline' || !e.clientWidth)"
        )
    )


def violations(page: Page) -> list[str]:
    """What axe finds, of any impact: rule and the element's HTML."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {node['html'][:160]} {node.get('failureSummary', '')}" for v in found for node in v["nodes"]]
