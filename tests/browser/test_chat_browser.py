"""The started app in a real Chromium: what AppTest can't see (links, focus, requests, themes, announcements)."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from settings import ROOT

pytestmark = pytest.mark.browser

QUESTION = "What are the common side effects of ketamine?"
CRISIS = "I want to kill myself tonight"
HOSTILE = "Is <img src=x onerror=alert(1)> **safe** with $x^2$?"
COOKIES = {"_streamlit_xsrf"}
NOT_FOUND = ["/_stcore/agent/openapi.json", "/_stcore/agent/interact", "/_stcore/agent/mcp", "/openapi.json", "/mcp"]

COUNT_ANNOUNCEMENTS = """
window.announced = [];
const live = "[aria-live], [role=status], [role=alert], [role=log]";
new MutationObserver((changes) => {
  for (const change of changes) {
    const node = change.target.nodeType === 1 ? change.target : change.target.parentElement;
    const added = [...change.addedNodes].filter((n) => n.nodeType === 1 && (n.matches(live) || n.querySelector(live)));
    const text = node?.closest(live)?.textContent.trim() || added.map((n) => n.textContent.trim()).join("");
    if (text) window.announced.push(text);
  }
}).observe(document, { subtree: true, childList: true, characterData: true });
"""


def open_chat(page: Page, url: str) -> Locator:
    """Open the chat; the box to type in."""
    page.goto(url)
    expect(page.get_by_text("I am an automated assistant")).to_be_visible()
    box = page.get_by_role("textbox")
    expect(box).to_be_enabled()
    return box


def ask(page: Page, text: str) -> Locator:
    """Type a question and wait for its answer to be complete."""
    answers = page.locator(".ka-answer")
    before = answers.count()
    box = page.get_by_role("textbox")
    expect(box).to_be_enabled()
    box.fill(text)
    box.press("Enter")
    expect(answers).to_have_count(before + 1)
    expect(page.get_by_role("status")).not_to_be_empty()
    expect(box).to_be_enabled()
    return answers.last


def no_sideways_scroll(page: Page) -> bool:
    return bool(
        page.evaluate(
            "[document.documentElement, ...document.querySelectorAll('.stMain')]"
            ".every((e) => e.scrollWidth <= e.clientWidth)"
        )
    )


def test_ask_read_the_citation_open_the_source(reader: Page, app_url: str) -> None:
    open_chat(reader, app_url)
    answer = ask(reader, QUESTION)
    mark = answer.locator(".ka-cite a").first
    target = mark.get_attribute("href") or ""
    assert re.fullmatch(r"#a1-c\d+", target)
    mark.click()
    card = reader.locator(target)
    expect(card).to_be_in_viewport()
    expect(card.locator("mark")).to_be_visible()
    source = card.get_by_role("link", name="Open the public source")
    assert (source.get_attribute("href") or "").startswith("http")
    assert source.get_attribute("target") == "_blank"
    assert "noopener" in (source.get_attribute("rel") or "")
    with reader.context.expect_page() as opened:
        card.get_by_role("link", name="All we hold from this source").click()
    library = opened.value
    title = (card.locator(".ka-card-title").inner_text()).strip().lstrip("0123456789").strip()
    expect(library.locator(".ka-source[open]")).to_contain_text(title)


def test_crisis_shows_the_line_first_and_in_view(reader: Page, app_url: str) -> None:
    open_chat(reader, app_url)
    ask(reader, QUESTION)
    ask(reader, CRISIS)
    call = reader.get_by_role("link", name="Call 988", exact=True)
    expect(call).to_be_in_viewport()
    assert call.get_attribute("href") == "tel:988"
    message = reader.locator(".ka-message").last
    help_box, text = reader.locator(".ka-help-big").last.bounding_box(), message.bounding_box()
    assert help_box is not None
    assert text is not None
    assert help_box["y"] < text["y"]
    reader.get_by_role("button", name="I am safe now").click()
    expect(reader.locator(".ka-answer")).to_have_count(3)
    expect(reader.get_by_role("button", name="I am safe now")).to_have_count(0)


def test_nothing_leaves_this_server_and_only_named_cookies_are_set(reader: Page, app_url: str) -> None:
    asked: list[str] = []
    sockets: list[str] = []
    reader.on("request", lambda request: asked.append(request.url))
    reader.on("websocket", lambda socket: sockets.append(socket.url))
    open_chat(reader, app_url)
    ask(reader, QUESTION)
    reader.get_by_role("link", name="Library").click()
    expect(reader.get_by_role("heading", name="The library")).to_be_visible()
    expect(reader.locator(".ka-source").first).to_be_visible()
    here = urlsplit(app_url).netloc
    elsewhere = [url for url in asked if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).netloc != here]
    assert asked
    assert sockets
    assert elsewhere == []
    assert {urlsplit(url).netloc for url in sockets} == {here}
    assert {cookie["name"] for cookie in reader.context.cookies()} <= COOKIES


def test_a_phone_never_scrolls_sideways(phone: Page, app_url: str) -> None:
    open_chat(phone, app_url)
    assert no_sideways_scroll(phone)
    ask(phone, "x" * 300)
    ask(phone, QUESTION)
    assert no_sideways_scroll(phone)
    ask(phone, CRISIS)
    expect(phone.get_by_role("link", name="Call 988", exact=True)).to_be_in_viewport()
    assert no_sideways_scroll(phone)
    phone.get_by_role("link", name="Library").click()
    expect(phone.locator(".ka-source").first).to_be_visible()
    assert no_sideways_scroll(phone)


def test_the_keyboard_alone_is_enough(reader: Page, app_url: str) -> None:
    open_chat(reader, app_url)
    focused = "document.activeElement?.tagName === 'TEXTAREA'"
    for _ in range(30):
        reader.keyboard.press("Tab")
        if reader.evaluate(focused):
            break
    assert reader.evaluate(focused), "the box can't be reached by Tab"
    reader.keyboard.type(QUESTION)
    reader.keyboard.press("Enter")
    expect(reader.locator(".ka-cite a").first).to_be_visible()
    expect(reader.get_by_role("status")).not_to_be_empty()
    expect(reader.get_by_role("textbox")).to_be_focused()
    at_mark = "document.activeElement.closest('.ka-cite') !== null"
    for _ in range(80):
        reader.keyboard.press("Shift+Tab")
        if reader.evaluate(at_mark):
            break
    assert reader.evaluate(at_mark), "no citation can be reached by Shift+Tab"
    reader.keyboard.press("Enter")
    expect(reader.locator(".ka-card:target")).to_be_in_viewport()


def test_the_theme_follows_the_reader(reader: Page, phone: Page, app_url: str) -> None:
    brightness = {}
    for name, page in (("light", reader), ("dark", phone)):
        open_chat(page, app_url)
        ask(page, QUESTION)
        colour = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
        brightness[name] = sum(int(part) for part in re.findall(r"\d+", colour)[:3])
        card = page.evaluate("getComputedStyle(document.querySelector('.ka-card')).backgroundColor")
        brightness[f"{name} card"] = sum(int(part) for part in re.findall(r"\d+", card)[:3])
    assert brightness["light"] > 600
    assert brightness["light card"] > 600
    assert brightness["dark"] < 150
    assert brightness["dark card"] < 150


def test_a_reload_keeps_the_conversation_but_not_the_words_of_a_crisis(reader: Page, app_url: str) -> None:
    open_chat(reader, app_url)
    first = ask(reader, QUESTION).inner_text()
    ask(reader, CRISIS)
    reader.reload()
    expect(reader.locator(".ka-answer")).to_have_count(2)
    assert reader.locator(".ka-answer").first.inner_text() == first
    expect(reader.get_by_text(QUESTION, exact=True)).to_be_visible()
    expect(reader.get_by_text(CRISIS)).to_have_count(0)
    expect(reader.get_by_role("link", name="Call 988", exact=True)).to_be_in_viewport()
    expect(reader.get_by_role("button", name="I am safe now")).to_be_visible()
    assert urlsplit(reader.url).query == "", "the conversation's id never stands in the address"


def test_a_new_conversation_stays_new_after_a_reload(reader: Page, app_url: str) -> None:
    open_chat(reader, app_url)
    ask(reader, QUESTION)
    reader.get_by_role("button", name="New conversation").click()
    expect(reader.locator(".ka-welcome")).to_be_visible()
    reader.reload()
    expect(reader.locator(".ka-welcome")).to_be_visible()
    expect(reader.locator(".ka-answer")).to_have_count(0)


def test_another_tab_does_not_see_the_conversation(reader: Page, app_url: str) -> None:
    open_chat(reader, app_url)
    ask(reader, QUESTION)
    other = reader.context.new_page()
    open_chat(other, app_url)
    expect(other.locator(".ka-welcome")).to_be_visible()
    expect(other.locator(".ka-answer")).to_have_count(0)


def test_a_question_that_looks_like_html_is_shown_literally(reader: Page, app_url: str) -> None:
    dialogs: list[str] = []
    reader.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    open_chat(reader, app_url)
    ask(reader, HOSTILE)
    expect(reader.locator(".ka-typed").last).to_have_text(HOSTILE)
    expect(reader.locator("img[src='x']")).to_have_count(0)
    assert dialogs == []


def test_a_finished_answer_is_announced_once(reader: Page, app_url: str) -> None:
    reader.add_init_script(COUNT_ANNOUNCEMENTS)
    open_chat(reader, app_url)
    reader.evaluate("window.announced.length = 0")
    ask(reader, QUESTION)
    told = reader.evaluate("window.announced")
    assert len(told) == 1, told
    assert told[0].startswith("Answer ready")
    ask(reader, QUESTION)
    assert len(reader.evaluate("window.announced")) == 2


def test_a_question_just_asked_comes_into_view_and_a_reader_is_not_dragged_on(reader: Page, app_url: str) -> None:
    open_chat(reader, app_url)
    ask(reader, QUESTION)
    ask(reader, QUESTION)
    expect(reader.locator("#a2-q")).to_be_in_viewport()
    reader.mouse.move(600, 300)
    reader.mouse.wheel(0, -20_000)
    expect(reader.locator("#a1-q")).to_be_in_viewport()
    thumb = reader.locator("[class*='-1-thumbs'] button").first
    thumb.scroll_into_view_if_needed()
    place = reader.evaluate("document.querySelector('.stMain').scrollTop")
    thumb.click()
    expect(reader.get_by_text("Your vote is counted")).to_be_visible()
    assert reader.evaluate("document.querySelector('.stMain').scrollTop") == place


@pytest.mark.parametrize("page", ["", "library"])
def test_axe_finds_no_serious_problem(reader: Page, app_url: str, page: str) -> None:
    if page:
        reader.goto(f"{app_url}/{page}")
        expect(reader.locator(".ka-source").first).to_be_visible()
    else:
        open_chat(reader, app_url)
        ask(reader, QUESTION)
        ask(reader, CRISIS)
    found = Axe().run(reader).response["violations"]
    serious = [
        (v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found if v["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.parametrize("path", NOT_FOUND)
def test_the_agent_interface_is_shut(app_url: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(app_url + path, timeout=10)
    with refused.value as response:
        assert response.status == 404


def test_security_headers_stand_on_every_page(app_url: str) -> None:
    for path in ("/", "/library", "/_stcore/health"):
        with urllib.request.urlopen(app_url + path, timeout=10) as response:
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Referrer-Policy"] == "no-referrer"
            assert "frame-ancestors 'self'" in response.headers["Content-Security-Policy"]


def test_a_port_in_use_is_said_in_one_line(app_url: str, app_environment: dict[str, str]) -> None:
    second = subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        env=app_environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert second.returncode != 0
    assert str(urlsplit(app_url).port) in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1
    assert "Traceback" not in second.stderr


def test_another_wording_by_keyboard_then_a_page_to_print(reader: Page, app_url: str, tmp_path: Path) -> None:
    open_chat(reader, app_url)
    first = ask(reader, "Can I take it with lithium?").inner_text()
    reader.get_by_role("radiogroup", name="Read this answer another way").get_by_role("radio", name="Plain").focus()
    reader.keyboard.press("ArrowRight")
    expect(reader.get_by_role("radio", name="Standard")).to_be_focused()
    reader.keyboard.press("ArrowRight")
    expect(reader.locator(".ka-answer")).to_have_count(1)
    reader.keyboard.press("Enter")
    expect(reader.locator(".ka-answer")).to_have_count(2)
    expect(reader.get_by_role("radio", name="Detailed")).to_have_attribute("aria-checked", "true")
    assert reader.locator(".ka-answer").first.inner_text() == first

    with reader.expect_download() as download:
        reader.get_by_role("button", name="Take this to your appointment").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    printed = reader.context.new_page()
    asked: list[str] = []
    printed.on("request", lambda request: asked.append(request.url))
    printed.goto(file.as_uri())
    printed.emulate_media(media="print")
    expect(printed.get_by_role("heading", name="Questions for my clinician")).to_be_visible()
    expect(printed.locator("article")).to_have_count(2)
    expect(printed.locator("article blockquote").first).to_be_visible()
    assert asked == [file.as_uri()], "the page loads nothing else"
    assert no_sideways_scroll(printed)


def test_the_switch_fits_a_phone(phone: Page, app_url: str) -> None:
    open_chat(phone, app_url)
    ask(phone, QUESTION)
    phone.get_by_role("radio", name="Detailed").tap()
    expect(phone.locator(".ka-answer")).to_have_count(2)
    expect(phone.get_by_role("radio", name="Detailed")).to_have_attribute("aria-checked", "true")
    assert no_sideways_scroll(phone)
