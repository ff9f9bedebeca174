"""What patients ask, in a real Chromium: charts, the file, a phone, accessibility; and the staged release beside it."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from desk.database import Database
from desk.models import CitedCount, DailyCount, Feedback, ResponseTime, now
from settings import PREFIX
from tests.browser.conftest import sign_in
from tests.browser.test_chat_browser import no_sideways_scroll

pytestmark = pytest.mark.browser
FORMULA = "=cmd|' /C calc'!A0"
FIGURES = 7


@pytest.fixture(scope="module")
def desk(desk_url: str, desk_environment: dict[str, str]) -> str:
    """Address of the app, with counts of three weeks."""
    database = Database(desk_environment[f"{PREFIX}DATABASE_URL"])
    today = now().date()
    with database.writing() as session:
        for age in range(21):
            day = today - timedelta(days=age)
            where = {"day": day, "composer": "model", "country": "ZZ"}
            session.add(DailyCount(**where, outcome="answered", topic="side-effects", count=4 + age % 5))
            session.add(DailyCount(**where, outcome="no_evidence", topic="pregnancy-breastfeeding", count=1))
            session.add(ResponseTime(day=day, up_to_ms=500, count=5))
            session.add(
                Feedback(answer_id=f"b{age}", at=now() - timedelta(days=age), helpful=age % 3 > 0, outcome="answered")
            )
        session.add(DailyCount(day=today, outcome="crisis", topic="", composer="model", country="", count=1))
        session.add(CitedCount(day=today, source_id=FORMULA, count=900))
    database.close()
    return desk_url


def open_asked(page: Page, url: str) -> None:
    sign_in(page, url)
    page.goto(f"{url}/asked")
    expect(page.locator(".ka-done")).to_be_visible()
    expect(page.locator("[data-testid='stVegaLiteChart'] canvas, [data-testid='stVegaLiteChart'] svg")).to_have_count(
        FIGURES
    )


def serious(page: Page) -> list[tuple[str, list[str]]]:
    found = Axe().run(page).response["violations"]
    return [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found if v["impact"] in ("serious", "critical")]


def test_staff_see_charts_with_their_tables_and_save_the_figures(reader: Page, desk: str, tmp_path: Path) -> None:
    open_asked(reader, desk)
    reader.get_by_text("Questions per day: as a table").click()
    expect(reader.locator(".ka-chart-text[open] tbody tr").first).to_be_visible()
    with reader.expect_download() as saved:
        reader.get_by_role("button", name="Save as CSV").click()
    assert saved.value.suggested_filename.endswith(".csv")
    saved.value.save_as(tmp_path / "asked.csv")
    rows = list(csv.reader((tmp_path / "asked.csv").open(encoding="utf-8-sig", newline="")))
    assert rows[0] == ["figure", "day, week or name", "number", "unit"]
    assert [row[1] for row in rows if row[2] == "900"] == [f"'{FORMULA}"]
    assert sum(int(row[2]) for row in rows if row[0].startswith("Crises")) == 1


def test_a_phone_shows_the_charts_without_scrolling_sideways(phone: Page, desk: str) -> None:
    open_asked(phone, desk)
    assert no_sideways_scroll(phone)


def test_axe_finds_no_serious_problem_with_the_charts(reader: Page, desk: str) -> None:
    open_asked(reader, desk)
    assert serious(reader) == []


def test_the_release_and_the_health_page_fit_a_phone_and_have_no_serious_problem(phone: Page, desk: str) -> None:
    sign_in(phone, desk)
    for page, title in (("release", "Staged release"), ("health", "Settings and health")):
        phone.goto(f"{desk}/{page}")
        expect(phone.get_by_role("heading", name=title)).to_be_visible()
        expect(phone.get_by_role("button", name="Compare with" if page == "release" else "Test the")).to_be_visible()
        assert no_sideways_scroll(phone)
        assert serious(phone) == []
