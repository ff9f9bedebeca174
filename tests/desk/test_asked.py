"""What patients ask, worked out of the counters; and the file of it that a spreadsheet opens."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest

from desk.asked import Chosen, RangeError, Share, asked, choices, percentile, week
from desk.database import Database
from desk.models import CitedCount, DailyCount, Feedback, ResponseTime
from desk.records import SLOWER
from desk.sheets import as_csv

MONDAY = date(2026, 11, 16)
MONTH = Chosen(MONDAY - timedelta(days=14), MONDAY + timedelta(days=13))


def add(database: Database, day: date, outcome: str, count: int, *place: str) -> None:
    """Count answers; ``place`` is a topic and a country, or neither."""
    topic, country = place or ("", "")
    with database.writing() as session:
        row = DailyCount(day=day, outcome=outcome, topic=topic, composer="faq", country=country, count=count)
        session.add(row)


def vote(database: Database, day: date, helpful: bool, id: str, outcome: str = "answered") -> None:
    at = datetime(day.year, day.month, day.day, 23, 30, tzinfo=UTC)
    with database.writing() as session:
        session.add(Feedback(answer_id=id, at=at, helpful=helpful, outcome=outcome))


@pytest.fixture
def counted(database: Database) -> Database:
    """Two weeks with answers of two topics and countries."""
    add(database, MONDAY, "answered", 6, "side-effects", "GB")
    add(database, MONDAY + timedelta(days=1), "answered", 3, "cost-insurance", "US")
    add(database, MONDAY + timedelta(days=1), "no_evidence", 1)
    add(database, MONDAY + timedelta(days=8), "off_topic", 2)
    return database


def test_days_outcomes_and_topics_add_up_and_no_day_is_left_out(counted: Database) -> None:
    found = asked(counted, MONTH)
    assert len(found.days) == 28
    assert found.total == sum(found.outcomes.values()) == 12
    assert found.outcomes == {"answered": 9, "off_topic": 2, "no_evidence": 1}
    assert list(found.topics.items()) == [("side-effects", 6), ("cost-insurance", 3)]
    assert found.unanswered[MONDAY] == Share(1, 10)
    assert found.unanswered[MONDAY].percent == 10
    assert found.unanswered[MONDAY - timedelta(days=7)].percent is None


@pytest.mark.parametrize(
    ("chosen", "total"),
    [
        ({"outcomes": ("answered",)}, 9),
        ({"topics": ("side-effects",)}, 6),
        ({"countries": ("US",)}, 3),
        ({"topics": ("side-effects",), "countries": ("US",)}, 0),
        ({"first": MONDAY + timedelta(days=1), "last": MONDAY + timedelta(days=1)}, 4),
    ],
)
def test_what_is_chosen_is_counted_alone(counted: Database, chosen: dict[str, object], total: int) -> None:
    given = {"first": MONTH.first, "last": MONTH.last, **chosen}
    assert asked(counted, Chosen(**given)).total == total  # type: ignore[arg-type]


def test_what_can_be_chosen_is_what_was_counted(counted: Database) -> None:
    add(counted, MONDAY, "crisis", 1)
    there = choices(counted)
    assert there.since == MONDAY
    assert there.outcomes == ("answered", "no_evidence", "off_topic")
    assert there.topics == ("cost-insurance", "side-effects")
    assert there.countries == ("GB", "US")


def test_a_crisis_is_counted_by_whole_weeks_and_cannot_be_told_from_the_days(counted: Database) -> None:
    before = asked(counted, MONTH)
    add(counted, MONDAY + timedelta(days=2), "crisis", 1)
    add(counted, MONDAY + timedelta(days=4), "emergency", 2)
    add(counted, MONDAY + timedelta(days=4), "abuse", 2)
    vote(counted, MONDAY, False, "a", "crisis")
    after = asked(counted, MONTH)
    assert (after.days, after.outcomes, after.helpful) == (before.days, before.outcomes, before.helpful)
    assert after.danger[MONDAY] == 3
    for day in range(7):
        one_day = Chosen(MONDAY + timedelta(days=day), MONDAY + timedelta(days=day))
        assert asked(counted, one_day).danger == {MONDAY: 3}, "a single day must not tell more than its week"
    assert asked(counted, Chosen(MONDAY, MONDAY, outcomes=("crisis",))).total == 0


def test_votes_count_on_the_day_they_came(counted: Database) -> None:
    for number, helpful in enumerate((True, True, False)):
        vote(counted, MONDAY + timedelta(days=6), helpful, f"a{number}")
    vote(counted, MONDAY + timedelta(days=7), True, "later", "no_evidence")
    week_only = asked(counted, Chosen(MONDAY, MONDAY + timedelta(days=6)))
    assert week_only.helpful == {MONDAY: Share(2, 3)}
    assert asked(counted, MONTH).helpful[MONDAY + timedelta(days=7)] == Share(1, 1)
    only = Chosen(MONTH.first, MONTH.last, outcomes=("answered",))
    assert asked(counted, only).helpful[MONDAY + timedelta(days=7)] == Share()


def test_sources_are_listed_by_how_often_they_are_cited(database: Database) -> None:
    with database.writing() as session:
        for day in (MONDAY, MONDAY + timedelta(days=1)):
            session.add_all(CitedCount(day=day, source_id=f"s{n:02}", count=n) for n in range(1, 20))
    found = asked(database, MONTH).cited
    assert list(found.items())[:2] == [("s19", 38), ("s18", 36)]
    assert len(found) == 15


def test_response_times_are_told_as_upper_limits(database: Database) -> None:
    with database.writing() as session:
        for limit, count in ((100, 60), (200, 35), (SLOWER, 5)):
            session.add(ResponseTime(day=MONDAY, up_to_ms=limit, count=count))
    assert asked(database, MONTH).times == {50: 100, 90: 200, 99: None}
    assert asked(database, Chosen(MONDAY - timedelta(days=3), MONDAY - timedelta(days=1))).times == {}


def test_a_percentile_is_the_first_limit_that_enough_answers_kept() -> None:
    assert percentile({100: 50, 200: 50}, 50) == 100
    assert percentile({100: 49, 200: 51}, 50) == 200
    assert percentile({}, 50) is None


@pytest.mark.parametrize("last", [MONDAY - timedelta(days=1), MONDAY + timedelta(days=3000)])
def test_days_in_the_wrong_order_or_too_many_are_refused(last: date) -> None:
    with pytest.raises(RangeError):
        Chosen(MONDAY, last)


def test_a_week_begins_on_monday() -> None:
    assert {week(MONDAY + timedelta(days=number)) for number in range(7)} == {MONDAY}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1+1", "\r=1"])
def test_no_cell_of_the_file_is_taken_for_a_formula(cell: str) -> None:
    written = as_csv(["name", "count"], [[cell, 3], ["it's 5 - 3, “fine”", -1], [None, 2]]).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(written, newline="")))
    assert rows[1:] == [[f"'{cell}", "3"], ["it's 5 - 3, “fine”", "-1"], ["", "2"]]
