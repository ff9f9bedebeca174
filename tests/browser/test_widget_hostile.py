"""The widget on a page that means no good: its styles, its scripts, a policy that forbids nearly everything."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.widget_page import CRISIS, QUESTION, TAG, ask, kept_turns, open_chat
from tests.browser.widget_server import Clinic

pytestmark = pytest.mark.browser

AGGRESSIVE_CSS = f"""
html {{ font-size: 4px !important; }}
body {{ transform: scale(1); filter: grayscale(1); opacity: 0.5; overflow: hidden; height: 50px; }}
body *, body *::before, body *::after {{
  all: unset !important; display: none !important; visibility: hidden !important; color: red !important;
  font: 3px fantasy !important; position: static !important; pointer-events: none !important; z-index: -1 !important;
}}
{TAG} {{ display: none !important; width: 0 !important; transform: rotate(90deg) !important; }}
{TAG}::before {{ content: "HOST" !important; display: block !important; }}
button, textarea, p, h2, section {{ display: none !important; text-transform: uppercase !important; }}
#cover {{ display: block !important; position: fixed !important; inset: 0 !important; z-index: 2147483647 !important;
  background: red !important; }}
"""

REDEFINED = """
const broken = () => { throw new Error("the page redefined this"); };
for (const name of ["fetch", "setTimeout", "clearTimeout", "matchMedia", "getComputedStyle", "URL", "TextDecoder",
  "AbortController", "CSSStyleSheet", "XMLHttpRequest", "Promise", "Intl", "CSS", "HTMLElement", "MutationObserver"]) {
  window[name] = broken;
}
JSON.parse = JSON.stringify = broken;
document.createElement = document.createElementNS = document.querySelector = document.getElementById = broken;
customElements.define = customElements.get = broken;
console.error = broken;
"""

OLD_LIBRARY = """
Array.prototype.toJSON = Object.prototype.toJSON = String.prototype.toJSON = function () { return "broken"; };
Array.prototype.each = Object.prototype.extend = function () {};
window.$ = window.jQuery = window._ = window.h = window.icon = window.Chat = 1;
"""

POLICY = (
    "default-src 'none'; script-src 'self' {api}; connect-src {api}; style-src 'self'; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


def test_aggressive_styles_of_the_page_change_nothing(reader: Page, clinic: Clinic) -> None:
    plain = clinic.put_page(clinic.snippet())
    open_chat(reader, plain)
    ask(reader, QUESTION)
    reader.wait_for_function(f"!document.querySelector('{TAG}').shadowRoot.getAnimations().length")
    measure = """(tag) => [...document.querySelector(tag).shadowRoot.querySelectorAll(".panel *, .panel")].map((e) => {
        const { x, y, width, height } = e.getBoundingClientRect();
        const { color, fontSize, fontFamily, display, textTransform, pointerEvents } = getComputedStyle(e);
        return [e.localName, x, y, width, height, color, fontSize, fontFamily, display, textTransform, pointerEvents];
    })"""
    usual = reader.evaluate(measure, TAG)
    reader.evaluate("sessionStorage.clear()")
    hostile = clinic.put_page(clinic.snippet(), head=f"<style>{AGGRESSIVE_CSS}</style>", body='<div id="cover"></div>')
    open_chat(reader, hostile)
    ask(reader, QUESTION)
    reader.wait_for_function(f"!document.querySelector('{TAG}').shadowRoot.getAnimations().length")
    assert reader.evaluate(measure, TAG) == usual
    assert reader.evaluate(f"getComputedStyle(document.querySelector('{TAG}'), '::before').content") == "none"


def test_the_widget_changes_nothing_of_the_page(reader: Page, clinic: Clinic) -> None:
    look = "[...document.querySelectorAll('html, main, main *')].map((e) => JSON.stringify(e.getBoundingClientRect()))"
    names = "Object.keys(window).filter((name) => name !== 'ketamine')"
    reader.goto(clinic.put_page())
    before, globals_before = reader.evaluate(look), reader.evaluate(names)
    open_chat(reader, clinic.put_page(clinic.snippet()))
    ask(reader, QUESTION)
    assert reader.evaluate(look) == before
    assert reader.evaluate(names) == globals_before


def test_scripts_that_redefine_the_browser_later_do_no_harm(reader: Page, clinic: Clinic) -> None:
    url = clinic.put_page(clinic.snippet())
    open_chat(reader, url)
    expect(reader.locator(".welcome")).to_be_visible()
    clinic.website.put("/redefine.js", REDEFINED, "text/javascript")
    reader.add_script_tag(url=f"{clinic.host.url}/redefine.js")
    answer = reader.locator(".answer")
    box = reader.locator("#box")
    box.fill(QUESTION)
    box.press("Enter")
    expect(answer.locator(".said p")).to_have_count(3)
    expect(answer.locator(".vote")).to_contain_text("Was this answer helpful?")
    box.fill(CRISIS)
    box.press("Enter")
    expect(reader.get_by_role("link", name="Call 988", exact=True)).to_be_visible()


def test_an_old_library_on_the_page_does_not_garble_what_is_sent_or_kept(reader: Page, clinic: Clinic) -> None:
    clinic.website.put("/old.js", OLD_LIBRARY, "text/javascript")
    open_chat(reader, clinic.put_page(clinic.snippet(), head='<script src="/old.js"></script>'))
    ask(reader, QUESTION)
    ask(reader, "And then?")
    assert clinic.assistant.asked[-1]["history"] == [QUESTION]
    assert [turn["text"] for turn in kept_turns(reader)] == [QUESTION, "And then?"]
    reader.reload()
    expect(reader.locator(".turn")).to_have_count(2)


def test_a_policy_that_forbids_nearly_everything_is_kept(reader: Page, clinic: Clinic) -> None:
    reader.add_init_script(
        "window.violated = []; document.addEventListener('securitypolicyviolation',"
        " (event) => window.violated.push(event.violatedDirective + ' ' + event.blockedURI));"
    )
    policy = POLICY.format(api=clinic.api.url)
    open_chat(reader, clinic.put_page(clinic.snippet(accent="#7b2d8b"), content_security_policy=policy))
    ask(reader, QUESTION)
    reader.locator(".mark").first.click()
    expect(reader.locator(".card").first).to_be_visible()
    expect(reader.locator("header")).to_have_css("background-color", "rgb(123, 45, 139)")
    assert [told for told in reader.evaluate("window.violated") if "favicon" not in told] == []
