"""Live chat sessions for the benchmark: many tabs of a real Chromium, all asking at the same moment."""

import asyncio
import os
import shutil
import time

from playwright.async_api import Browser, Page, async_playwright

QUESTION = "Does ketamine raise blood pressure?"
ANSWER = "[id$='-answer']"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
LIMIT_MS = 180_000


def ask_in_sessions(url: str, count: int) -> tuple[list[float], int]:
    """Seconds from asking to the complete answer in each session, and how many sessions failed."""
    return asyncio.run(_ask_in_sessions(url, count))


async def _ask_in_sessions(url: str, count: int) -> tuple[list[float], int]:
    async with async_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        pages = [await _open(browser, url) for _ in range(count)]
        found = await asyncio.gather(*(_ask(page) for page in pages), return_exceptions=True)
        await browser.close()
    seconds = [one for one in found if isinstance(one, float)]
    return seconds, count - len(seconds)


async def _open(browser: Browser, url: str) -> Page:
    page = await browser.new_page()
    page.set_default_timeout(LIMIT_MS)
    await page.goto(url)
    await page.locator("textarea").first.wait_for()
    return page


async def _ask(page: Page) -> float:
    await page.locator("textarea").first.fill(QUESTION)
    start = time.perf_counter()
    await page.locator("textarea").first.press("Enter")
    # What follows an answer is drawn when the answer is complete.
    await page.get_by_text("Was this answer helpful?").first.wait_for()
    return time.perf_counter() - start
