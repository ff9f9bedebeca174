"""The page of what patients ask: charts, each with its words and its table, filters, and a file."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from desk.database import Database
from desk.models import CitedCount, DailyCount, Feedback, ResponseTime, now
from tests.ui.desk.conftest import OpenDesk, SignedIn
from ui.desk.figures import Figure, chart, table
from ui.shared import Parts


@pytest.fixture
def counted(database: Database, parts: Parts) -> Database:
    """Answers of the last days, some of them crises."""
    assert parts.engine is not None
    source, today = parts.engine.sources()[0].meta.id, now().date()
    database.ensure()
    with database.writing() as session:
        for age in range(20):
            day = today - timedelta(days=age)
            row = {"day": day, "composer": "faq", "country": "GB"}
            session.add(DailyCount(**row, outcome="answered", topic="side-effects", count=5))
            session.add(DailyCount(**row, outcome="no_evidence", topic="cost-insurance", count=1))
            session.add(CitedCount(day=day, source_id=source, count=4))
            session.add(ResponseTime(day=day, up_to_ms=200, count=6))
            session.add(Feedback(answer_id=f"a{age}", at=now() - timedelta(days=age), helpful=True, outcome="answered"))
        session.add(DailyCount(day=today, outcome="crisis", topic="", composer="extractive", country="", count=2))
        session.add(CitedCount(day=today, source_id="=cmd|' /C calc'!A0", count=900))
    return database


def page_html(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def charts(at: AppTest) -> int:
    return len(at.get("arrow_vega_lite_chart")) + len(at.get("vega_lite_chart"))


def test_before_anything_was_counted_the_page_says_so(signed_in: SignedIn, open_desk: OpenDesk, parts: Parts) -> None:
    signed_in("reader")
    at = open_desk("asked.py")
    assert parts.words.html("asked_empty") in page_html(at)
    assert charts(at) == 0


def test_each_chart_stands_beside_its_words_and_its_table(
    counted: Database, signed_in: SignedIn, open_desk: OpenDesk, parts: Parts
) -> None:
    signed_in("reader")
    at = open_desk("asked.py")
    shown = page_html(at)
    assert charts(at) == shown.count("<table") == 7
    assert "120 questions from" in shown
    assert "20 of 120 questions (17 %)" in shown
    assert "20 of 20 votes (100 %)" in shown
    assert "50 of 100 answers were ready within 0.2 s." in shown
    assert (
        html.escape(parts.words.text("asked_topics_text", name=parts.words.label("topic", "side-effects"), count="100"))
        in shown
    )
    assert parts.words.html("asked_danger_text", count="2") in shown


def test_filters_leave_what_was_chosen(counted: Database, signed_in: SignedIn, open_desk: OpenDesk) -> None:
    signed_in("reader")
    at = open_desk("asked.py")
    at.multiselect[0].set_value(["no_evidence"]).run()
    assert "20 questions from" in page_html(at)
    at.date_input[0].set_value(now().date() - timedelta(days=4)).run()
    assert "5 questions from" in page_html(at)
    at.multiselect[0].set_value([]).run()
    at.multiselect[1].set_value(["side-effects"]).run()
    assert "25 questions from" in page_html(at)
    assert not at.exception


def test_days_in_the_wrong_order_are_told_in_a_sentence(
    counted: Database, signed_in: SignedIn, open_desk: OpenDesk
) -> None:
    signed_in("reader")
    at = open_desk("asked.py")
    at.date_input[1].set_value(now().date() - timedelta(days=200)).run()
    assert "lies before the first" in at.warning[0].value
    assert charts(at) == 0


def test_a_name_of_the_database_is_shown_literally(parts: Parts) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    shown = table(Figure("cited", [(hostile, 3)], {"name": hostile, "count": "3"}), parts.words)
    assert "<img" not in shown
    assert "&lt;img" in shown


def test_a_chart_tells_itself_in_words(parts: Parts) -> None:
    today = now().date()
    figure = Figure("days", [(today, 3), (today + timedelta(days=1), 1)], {"day": str(today), "count": "3"})
    assert chart(figure, parts.words).to_dict()["description"] == figure.sentence(parts.words)
    empty = Figure("days", [(today, 0)], {"day": str(today), "count": "0"})
    assert empty.sentence(parts.words) == parts.words.text("asked_nothing")
