"""The widget for everybody: by keyboard alone, with a screen reader, on a small phone, in other colours."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.widget_page import CRISIS, QUESTION, TAG, ask, focused, no_sideways_scroll, open_chat, violations
from tests.browser.widget_server import Clinic
from tests.widget_words import widget_words

pytestmark = pytest.mark.browser

COUNT_ANNOUNCEMENTS = f"""() => {{
    window.announced = [];
    const status = document.querySelector("{TAG}").shadowRoot.querySelector("[role=status]");
    const note = () => status.textContent && window.announced.push(status.textContent);
    new MutationObserver(note).observe(status, {{ childList: true, characterData: true, subtree: true }});
}}"""


def tab_until(page: Page, wanted: str, key: str = "Tab") -> None:
    for _ in range(30):
        if wanted in focused(page):
            return
        page.keyboard.press(key)
    pytest.fail(f"{key} never reaches {wanted!r}")


def test_the_keyboard_alone_is_enough(reader: Page, clinic: Clinic) -> None:
    reader.goto(clinic.put_page(clinic.snippet(), body='<a href="#x">A link of the page</a>'))
    expect(reader.get_by_role("button", name="Ask a question")).to_be_visible()
    tab_until(reader, "launch")
    reader.keyboard.press("Enter")
    expect(reader.locator("#box")).to_be_focused()
    reader.keyboard.type("What are the common")
    reader.keyboard.press("Shift+Enter")
    reader.keyboard.type("side effects?")
    reader.keyboard.press("Enter")
    expect(reader.locator(".said p")).to_have_count(3)
    expect(reader.locator(".typed")).to_have_text("What are the common\nside effects?", use_inner_text=True)
    expect(reader.locator("#box")).to_be_focused()
    tab_until(reader, "mark", "Shift+Tab")
    reader.keyboard.press("Enter")
    expect(reader.locator(".card").nth(1)).to_be_focused()
    tab_until(reader, "Back to the answer")
    reader.keyboard.press("Enter")
    assert focused(reader) == "mark"
    reader.keyboard.press("Escape")
    expect(reader.get_by_role("dialog")).to_have_count(0)
    assert focused(reader) == "launch"


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_the_focus_goes_round_inside_the_dialog(reader: Page, clinic: Clinic, key: str) -> None:
    open_chat(reader, clinic.put_page(clinic.snippet(), body='<a href="#x">A link of the page</a>'))
    ask(reader, QUESTION)
    seen = set()
    for _ in range(40):
        reader.keyboard.press(key)
        assert focused(reader), "the focus left the dialog"
        seen.add(focused(reader))
    assert {"box", "send", "log", "icon", "mark"} <= seen


def test_opened_on_its_own_it_holds_nobody(reader: Page, clinic: Clinic) -> None:
    reader.goto(clinic.put_page(clinic.snippet(open=""), body='<a href="#x">A link of the page</a>'))
    expect(reader.locator(".welcome")).to_be_visible()
    expect(reader.get_by_role("dialog")).not_to_have_attribute("aria-modal", "true")
    reader.keyboard.press("Tab")
    expect(reader.get_by_role("link", name="A link of the page")).to_be_focused()
    for _ in range(20):
        reader.keyboard.press("Tab")
        if not focused(reader) and reader.evaluate(f"document.activeElement.localName !== '{TAG}'"):
            break
    else:
        pytest.fail("Tab never leaves a chat that nobody opened")


def test_a_finished_answer_is_announced_once(reader: Page, clinic: Clinic) -> None:
    open_chat(reader, clinic.put_page(clinic.snippet()))
    reader.evaluate(COUNT_ANNOUNCEMENTS)
    ask(reader, QUESTION)
    (told,) = reader.evaluate("window.announced")
    assert told.startswith("Answer ready. Dizziness")
    assert "[1]" not in told
    ask(reader, CRISIS)
    _, told = reader.evaluate("window.announced")
    assert told.startswith("Answer ready. Talk to somebody now. 988 Suicide & Crisis Lifeline: 988.")
    clinic.assistant.will("broken")
    ask(reader, QUESTION)
    assert len(reader.evaluate("window.announced")) == 3
    assert reader.locator("[aria-live], [role=alert], [role=log]").count() == 0, "one live region, not more"


def test_a_screen_reader_finds_dialog_headings_messages_and_names(reader: Page, clinic: Clinic) -> None:
    open_chat(reader, clinic.put_page(clinic.snippet()))
    ask(reader, QUESTION)
    dialog = reader.get_by_role("dialog", name="Ask about ketamine treatment")
    expect(dialog).to_have_attribute("aria-modal", "true")
    expect(dialog).to_have_accessible_description(
        "I am an automated assistant of the Harbour Clinic. No person reads along."
    )
    expect(dialog.get_by_role("region", name="Conversation")).to_match_aria_snapshot("""
        - heading "You asked:" [level=3]
        - paragraph: What are the common side effects?
        - heading "Answer" [level=3]
        - paragraph:
          - text: Dizziness, nausea and a feeling of being detached are common on the day.
          - 'button "Source 1: Spravato prescribing information"'
    """)
    expect(dialog.get_by_role("region", name="Help in a crisis").get_by_role("link", name="988")).to_be_visible()
    ask(reader, CRISIS)
    help = dialog.get_by_role("region", name="Talk to somebody now")
    expect(help.get_by_role("heading", name="Talk to somebody now", level=4)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(chromium: Browser, clinic: Clinic, scheme: str) -> None:
    context = chromium.new_context(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page = context.new_page()
    found: dict[str, list[str]] = {}
    page.goto(clinic.put_page(clinic.snippet(), head="<style>:root { color-scheme: light dark }</style>"))
    expect(page.locator(".launch")).to_have_text("Ask a question")
    found["closed"] = violations(page)
    page.locator(".launch").click()
    expect(page.locator(".welcome")).to_be_visible()
    found["welcome"] = violations(page)
    ask(page, QUESTION)
    page.locator(".mark").first.click()
    found["answer with its cards"] = violations(page)
    ask(page, CRISIS)
    found["crisis"] = violations(page)
    clinic.assistant.will("busy")
    ask(page, QUESTION)
    found["trouble"] = violations(page)
    context.close()
    assert found == {state: [] for state in found}


@pytest.mark.parametrize("accent", ["#f2c94c", "#777777", "#000000", "rebeccapurple", "oklch(0.7 0.2 30)"])
def test_any_accent_can_be_read(reader: Page, clinic: Clinic, accent: str) -> None:
    reader.emulate_media(reduced_motion="reduce")
    open_chat(reader, clinic.put_page(clinic.snippet(accent=accent)))
    ask(reader, QUESTION)
    assert violations(reader) == []


def test_axe_finds_nothing_inline_in_arabic_and_on_the_demonstration_pages(reader: Page, clinic: Clinic) -> None:
    reader.emulate_media(reduced_motion="reduce")
    snippet = clinic.snippet("noor", mode="inline", target="#here")
    reader.goto(clinic.put_page(snippet, body='<div id="here"></div>', lang="ar"))
    expect(reader.locator(".welcome")).to_be_visible()
    ask(reader, QUESTION)
    assert violations(reader) == []
    for path in ("/demo", "/demo/article"):
        reader.goto(clinic.api.url + path)
        expect(reader.locator(".strip")).to_contain_text("988")
        assert violations(reader) == [], path


@pytest.mark.parametrize(("width", "height"), [(320, 568), (390, 844), (568, 320)])
def test_a_phone_shows_the_whole_chat_and_never_scrolls_sideways(
    chromium: Browser, clinic: Clinic, width: int, height: int
) -> None:
    screen: ViewportSize = {"width": width, "height": height}
    context = chromium.new_context(viewport=screen, has_touch=True, is_mobile=True, reduced_motion="reduce")
    page = context.new_page()
    url = clinic.put_page(clinic.snippet(open=""))
    page.goto(url)
    if width <= 480:
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="Ask a question").tap()
        panel = page.get_by_role("dialog").bounding_box()
        assert panel == {"x": 0, "y": 0, "width": width, "height": height}
        assert focused(page) == "title", "no keyboard slides over the greeting"
    expect(page.locator(".welcome")).to_be_visible()
    assert no_sideways_scroll(page)
    ask(page, "x" * 300)
    page.locator(".mark").first.tap()
    assert no_sideways_scroll(page)
    ask(page, CRISIS)
    call = page.get_by_role("link", name="Call 988", exact=True)
    expect(call).to_be_in_viewport(ratio=1)
    assert focused(page) != "box", "no keyboard slides over the help"
    sizes = page.get_by_role("button").evaluate_all("all => all.map((b) => b.getBoundingClientRect().height)")
    assert min(size for size in sizes if size) >= 24
    assert no_sideways_scroll(page)
    context.close()


def test_text_twice_as_large_still_fits(reader: Page, clinic: Clinic) -> None:
    reader.set_viewport_size({"width": 640, "height": 450})
    open_chat(reader, clinic.put_page(clinic.snippet()))
    reader.evaluate(f"document.querySelector('{TAG}').shadowRoot.querySelector('.root').style.fontSize = '200%'")
    ask(reader, CRISIS)
    expect(reader.get_by_role("link", name="Call 988", exact=True)).to_be_in_viewport(ratio=1)
    assert no_sideways_scroll(reader)


def test_reduced_motion_and_forced_colours_are_respected(reader: Page, clinic: Clinic) -> None:
    url = clinic.put_page(clinic.snippet())
    open_chat(reader, url)
    panel = reader.get_by_role("dialog")
    assert panel.evaluate("e => getComputedStyle(e).animationName") == "rise"
    reader.emulate_media(reduced_motion="reduce", forced_colors="active")
    assert panel.evaluate("e => getComputedStyle(e).animationName") == "none"
    ask(reader, QUESTION)
    for name in (".mark", ".typed", ".send", ".panel"):
        border = reader.locator(name).first.evaluate("e => parseFloat(getComputedStyle(e).borderTopWidth)")
        assert border >= 1, name


def test_every_language_fits_its_button_and_foot(reader: Page, clinic: Clinic) -> None:
    reader.set_viewport_size({"width": 320, "height": 640})
    for language in ("ar", "de", "el", "es", "fr", "it", "pt"):
        reader.goto(clinic.put_page(clinic.snippet(language=language)))
        reader.get_by_role("button", name=widget_words(language)["open"]).click()
        expect(reader.locator(".panel")).to_contain_text(widget_words(language)["limits"])
        assert no_sideways_scroll(reader), language
