"""What patients ask, from the counters alone: by day, outcome and topic, how well it was answered, and how fast.

What tells of danger is counted by whole weeks only, also where the chosen days are fewer: a day with one crisis could
be recognised by who worked on it. For the same reason days and outcomes are counted without it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from desk.caution import NEVER_KEPT
from desk.database import Database
from desk.models import CitedCount, DailyCount, Feedback, ResponseTime
from desk.records import BUCKETS_MS
from errors import OperatorError

UNANSWERED = frozenset({"no_evidence"})
LONGEST = timedelta(days=5 * 366)
PERCENTILES = (50, 90, 99)
MOST_CITED = 15


class RangeError(OperatorError):
    """The chosen days are none, or too many; the message says which."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The days looked at, both included, and what is counted of them; an empty tuple stands for everything."""

    first: date
    last: date
    outcomes: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse days in the wrong order and ranges that no page could draw."""
        if self.last < self.first:
            raise RangeError(f"The last day ({self.last}) lies before the first ({self.first}).")
        if self.last - self.first > LONGEST:
            raise RangeError("Choose at most five years.")


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int = 0
    whole: int = 0

    @property
    def percent(self) -> int | None:
        """The share in whole percent; None of nothing."""
        return round(100 * self.part / self.whole) if self.whole else None


@dataclass(frozen=True, slots=True)
class Asked:
    """The figures of the chosen days.

    ``days`` holds every day, also those without a question; ``unanswered``, ``helpful`` and ``danger`` go by week (its
    Monday). ``danger`` and ``times`` know nothing of topics and countries, ``times`` and ``cited`` nothing of outcomes.
    ``cited`` and ``topics`` begin with the most frequent. ``times`` holds the upper limit in milliseconds below which
    so many percent of the answers were ready, None for one that lies above the highest limit that is counted.
    """

    days: dict[date, int]
    outcomes: dict[str, int]
    topics: dict[str, int]
    unanswered: dict[date, Share]
    helpful: dict[date, Share]
    danger: dict[date, int]
    cited: dict[str, int]
    times: dict[int, int | None] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many questions were counted, without those of danger."""
        return sum(self.days.values())


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from: the first counted day, and the outcomes, topics and countries that ever came."""

    since: date | None
    outcomes: tuple[str, ...]
    topics: tuple[str, ...]
    countries: tuple[str, ...]


def choices(database: Database) -> Choices:
    """What has been counted so far; raises ``DatabaseError`` when the database can't be reached."""
    with database.reading() as session:
        columns = (DailyCount.outcome, DailyCount.topic, DailyCount.country)
        found = [session.scalars(select(column).distinct().order_by(column)).all() for column in columns]
        since = session.scalar(select(func.min(DailyCount.day)))
    outcomes, topics, countries = (tuple(filter(None, values)) for values in found)
    return Choices(since, tuple(name for name in outcomes if name not in NEVER_KEPT), topics, countries)


def asked(database: Database, chosen: Chosen) -> Asked:
    """The figures of the chosen days; raises ``DatabaseError`` when the database can't be reached."""
    with database.reading() as session:
        by_day = _by_day(session, chosen)
        days: Counter[date] = Counter()
        outcomes: Counter[str] = Counter()
        for (day, outcome), count in by_day.items():
            days[day] += count
            outcomes[outcome] += count
        return Asked(
            days={day: days[day] for day in _days(chosen.first, chosen.last)},
            outcomes=_most_first(outcomes),
            topics=_most_first(_topics(session, chosen)),
            unanswered=_unanswered(by_day, chosen),
            helpful=_helpful(session, chosen),
            danger=_danger(session, chosen),
            cited=_cited(session, chosen),
            times=_times(session, chosen),
        )


def week(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def percentile(counts: Mapping[int, int], percent: int) -> int | None:
    """The upper limit below which ``percent`` of 100 counted answers were ready; None above the highest, or of none."""
    wanted = sum(counts.values()) * percent / 100
    reached = 0
    for limit in sorted(counts):
        reached += counts[limit]
        if reached >= wanted and reached:
            return limit if limit in BUCKETS_MS else None
    return None


def _by_day(session: Session, chosen: Chosen) -> dict[tuple[date, str], int]:
    wanted = select(DailyCount.day, DailyCount.outcome, func.sum(DailyCount.count))
    rows = session.execute(wanted.where(*_fits(chosen)).group_by(DailyCount.day, DailyCount.outcome))
    return {(day, outcome): int(count) for day, outcome, count in rows}


def _topics(session: Session, chosen: Chosen) -> Counter[str]:
    wanted = select(DailyCount.topic, func.sum(DailyCount.count)).where(*_fits(chosen), DailyCount.topic != "")
    return Counter({topic: int(count) for topic, count in session.execute(wanted.group_by(DailyCount.topic))})


def _fits(chosen: Chosen) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        DailyCount.day.between(chosen.first, chosen.last),
        DailyCount.outcome.not_in(NEVER_KEPT),
    ]
    columns = (DailyCount.outcome, DailyCount.topic, DailyCount.country)
    for column, values in zip(columns, (chosen.outcomes, chosen.topics, chosen.countries), strict=True):
        if values:
            conditions.append(column.in_(values))
    return conditions


def _unanswered(by_day: Mapping[tuple[date, str], int], chosen: Chosen) -> dict[date, Share]:
    part: Counter[date] = Counter()
    whole: Counter[date] = Counter()
    for (day, outcome), count in by_day.items():
        whole[week(day)] += count
        part[week(day)] += count if outcome in UNANSWERED else 0
    return {monday: Share(part[monday], whole[monday]) for monday in _weeks(chosen)}


def _helpful(session: Session, chosen: Chosen) -> dict[date, Share]:
    start = datetime.combine(chosen.first, time.min, UTC)
    end = datetime.combine(chosen.last + timedelta(days=1), time.min, UTC)
    day: ColumnElement[Any] = func.date(Feedback.at)
    wanted = select(day, Feedback.helpful, func.count()).where(
        Feedback.at >= start, Feedback.at < end, Feedback.outcome.not_in(NEVER_KEPT)
    )
    if chosen.outcomes:
        wanted = wanted.where(Feedback.outcome.in_(chosen.outcomes))
    part: Counter[date] = Counter()
    whole: Counter[date] = Counter()
    for on, helpful, count in session.execute(wanted.group_by(day, Feedback.helpful)):
        # SQLite gives the day as text, PostgreSQL as a date.
        monday = week(date.fromisoformat(str(on)))
        whole[monday] += count
        part[monday] += count if helpful else 0
    return {monday: Share(part[monday], whole[monday]) for monday in _weeks(chosen)}


def _danger(session: Session, chosen: Chosen) -> dict[date, int]:
    """Crises and emergencies of whole weeks."""
    first, last = week(chosen.first), week(chosen.last) + timedelta(days=6)
    wanted = select(DailyCount.day, func.sum(DailyCount.count)).where(
        DailyCount.day.between(first, last), DailyCount.outcome.in_(("crisis", "emergency"))
    )
    found: Counter[date] = Counter()
    for day, count in session.execute(wanted.group_by(DailyCount.day)):
        found[week(day)] += int(count)
    return {monday: found[monday] for monday in _weeks(chosen)}


def _cited(session: Session, chosen: Chosen) -> dict[str, int]:
    total = func.sum(CitedCount.count)
    wanted = select(CitedCount.source_id, total).where(CitedCount.day.between(chosen.first, chosen.last))
    grouped = wanted.group_by(CitedCount.source_id).order_by(total.desc(), CitedCount.source_id).limit(MOST_CITED)
    return {id: int(count) for id, count in session.execute(grouped)}


def _times(session: Session, chosen: Chosen) -> dict[int, int | None]:
    wanted = select(ResponseTime.up_to_ms, func.sum(ResponseTime.count))
    fits = ResponseTime.day.between(chosen.first, chosen.last)
    counts = {limit: int(count) for limit, count in session.execute(wanted.where(fits).group_by(ResponseTime.up_to_ms))}
    return {percent: percentile(counts, percent) for percent in PERCENTILES} if counts else {}


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _weeks(chosen: Chosen) -> Sequence[date]:
    return [day for day in _days(week(chosen.first), chosen.last) if day.weekday() == 0]


def _most_first(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
