"""The page of settings and health: facts in plain words, no secret, users for admins alone, and the self-test."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from desk import golden, health, selftest
from desk.backup import backup
from desk.database import Database
from settings import Settings, Site
from tests.ui.desk.conftest import OpenDesk, SignedIn
from ui.shared import Parts


def page_html(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def test_the_page_tells_what_is_in_use_and_no_secret(
    signed_in: SignedIn, open_desk: OpenDesk, parts: Parts, database: Database, tmp_path: Path
) -> None:
    site = Site(id="clinic", origins=("https://clinic.example",))
    signed_in(
        "reader", sites=(site,), metrics_token="very-secret-token", database_url="postgresql://desk:hidden-word@db/desk"
    )
    shown = page_html(open_desk("health.py"))
    assert parts.engine is not None
    for told in ("all-MiniLM-L6-v2", parts.engine.corpus_version(), "SQLite 3", "https://clinic.example", "180 days"):
        assert told in shown
    assert parts.words.html("health_no_backup") in shown
    assert "very-secret-token" not in shown
    assert "hidden-word" not in shown
    backup(database, tmp_path / "copy.sqlite", "test")
    assert parts.words.html("health_no_backup") not in page_html(open_desk("health.py"))


def test_only_an_admin_sees_the_users(signed_in: SignedIn, open_desk: OpenDesk, parts: Parts) -> None:
    title = parts.words.html("health_users")
    signed_in("editor", "ben")
    assert title not in page_html(open_desk("health.py"))
    signed_in("admin", "root")
    shown = page_html(open_desk("health.py"))
    assert title in shown
    assert "ben" in shown


def test_the_self_test_says_in_words_what_failed(
    signed_in: SignedIn, open_desk: OpenDesk, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = golden.read()[0]
    rows = [good, golden.Golden(id="x", question="What's the best recipe for banana bread?")]
    monkeypatch.setattr(golden, "read", lambda: rows)
    signed_in("reader")
    at = open_desk("health.py")
    at.button(key="ka-health-test").click().run()
    shown = page_html(at)
    assert not at.exception
    assert "1 of 2 golden questions" in shown
    assert parts.words.html("health_wrong_outcome", outcome="off_topic") in shown
    monkeypatch.setattr(golden, "read", lambda: [good])
    at.button(key="ka-health-test").click().run()
    assert "All 1 golden questions" in page_html(at)


@pytest.mark.slow
def test_all_golden_questions_are_answered_as_they_should_be(engine: Any) -> None:
    assert selftest.run(engine, golden.read()) == []


def test_each_fault_is_told_by_its_name(engine: Any) -> None:
    right = golden.read()[0]
    wrong = [
        right.model_copy(update={"expect_sources": ("nowhere",)}),
        right.model_copy(update={"expect_facts": ("unicorns",)}),
        right.model_copy(update={"expect_outcome": "crisis"}),
    ]
    assert [failed.wrong for failed in selftest.run(engine, wrong)] == [("source",), ("facts",), ("outcome",)]


def test_an_index_that_is_missing_or_damaged_is_told(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert [index.version for index in health.indexes(settings)] == ["", ""]
    folder = tmp_path / settings.collection
    folder.mkdir()
    (folder / "live.json").write_text("nonsense")
    assert "can't be read" in health.indexes(settings)[0].problem


def test_a_database_that_is_down_is_told_without_an_error(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    assert not health.database(Database(f"sqlite:///{blocked / 'desk.sqlite'}")).reachable


def test_help_lines_that_were_not_checked_for_long_are_listed(engine: Any) -> None:
    fresh = health.freshness(engine.settings, engine, date(2026, 11, 30))
    later = health.freshness(engine.settings, engine, date(2029, 1, 1))
    assert fresh.stale_lines == []
    assert later.stale_lines
    assert later.stale_entries > fresh.stale_entries == 0
