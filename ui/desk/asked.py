"""The staff's page that shows what patients ask: charts over time, each with its words and its table, and a file."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from desk.asked import Asked, Choices, Chosen, RangeError, Share, asked, choices
from desk.models import now
from desk.sheets import as_csv
from ui.desk import door
from ui.desk.door import Staff
from ui.desk.figures import Figure, chart, table
from ui.words import Words, escape

_DAYS_AT_FIRST = 90


def show() -> None:
    """Draw the page."""
    staff = door.enter("reader")
    words = staff.words
    st.html(
        f'<div class="ka-library"><h2>{words.html("asked_title")}</h2><p>{words.html("asked_intro")}</p>'
        f'<p class="ka-small">{words.html("asked_limits")}</p></div>'
    )
    there = choices(staff.database)
    if there.since is None:
        st.html(f'<p class="ka-sorry" role="status">{words.html("asked_empty")}</p>')
        return
    chosen = _filters(there, words)
    if chosen:
        _results(staff, chosen)


def _filters(there: Choices, words: Words) -> Chosen | None:
    """What is asked for; None, and a sentence, where the days don't fit."""
    today = now().date()
    start = max(there.since or today, today - timedelta(days=_DAYS_AT_FIRST - 1))
    left, right = st.columns(2)
    first = left.date_input(words.text("asked_first"), start, max_value=today, key="ka_asked_first")
    last = right.date_input(words.text("asked_last"), today, max_value=today, key="ka_asked_last")
    left, right = st.columns(2)
    with left:
        outcomes = _pick("asked_filter_outcomes", "desk_outcome", there.outcomes, words)
    with right:
        topics = _pick("asked_filter_topics", "topic", there.topics, words)
    countries = _pick("asked_filter_countries", "country", there.countries, words)
    try:
        return Chosen(first, last, tuple(outcomes), tuple(topics), tuple(countries))
    except RangeError as error:
        st.warning(str(error))
        return None


def _pick(title: str, group: str, values: tuple[str, ...], words: Words) -> list[str]:
    return st.multiselect(
        words.text(title),
        values,
        format_func=lambda value: words.label(group, value),
        placeholder=words.text("asked_any"),
        key=f"ka_{title}",
    )


def _results(staff: Staff, chosen: Chosen) -> None:
    words = staff.words
    found = asked(staff.database, chosen)
    told = words.html("asked_total", total=f"{found.total:,}", first=str(chosen.first), last=str(chosen.last))
    st.html(f'<p class="ka-done" role="status">{told}</p>')
    figures = figures_of(found, staff)
    st.download_button(
        words.text("asked_save"),
        as_csv(
            [words.text(f"asked_csv_{name}") for name in ("figure", "what", "number", "unit")], rows(figures, words)
        ),
        file_name=f"{words.text('asked_file')}-{chosen.first}-{chosen.last}.csv",
        mime="text/csv",
        key="ka-asked-csv",
        on_click="ignore",
    )
    for figure in figures:
        _draw(figure, words)
    _times(found, words)


def rows(figures: list[Figure], words: Words) -> list[list[str | int | float | None]]:
    """All figures below each other, as the file holds them."""
    return [
        [figure.title(words), *row, words.text(f"asked_{figure.unit}")] for figure in figures for row in figure.rows()
    ]


def figures_of(found: Asked, staff: Staff) -> list[Figure]:
    """The figures in the order of the page."""
    words = staff.words
    busiest = max(found.days, key=lambda day: found.days[day])
    outcomes = [(words.label("desk_outcome", name), count) for name, count in found.outcomes.items()]
    topics = [(words.label("topic", name), count) for name, count in found.topics.items()]
    cited = [(_source(id, staff), count) for id, count in found.cited.items()]
    return [
        Figure("days", list(found.days.items()), {"day": str(busiest), "count": f"{found.days[busiest]:,}"}),
        Figure("outcomes", outcomes, _leading(outcomes)),
        Figure("topics", topics, _leading(topics)),
        _share("unanswered", found.unanswered),
        _share("helpful", found.helpful),
        Figure("danger", list(found.danger.items()), {"count": f"{sum(found.danger.values()):,}"}),
        Figure("cited", cited, _leading(cited)),
    ]


def _leading(values: list[tuple[str, int]]) -> dict[str, str]:
    """The first of them, as a sentence names it."""
    name, count = values[0] if values else ("", 0)
    return {"name": name, "count": f"{count:,}"}


def _share(name: str, weeks: dict[date, Share]) -> Figure:
    """A share by week, without the weeks that nothing was counted in."""
    known = [(monday, share.percent) for monday, share in weeks.items() if share.percent is not None]
    all = Share(sum(share.part for share in weeks.values()), sum(share.whole for share in weeks.values()))
    fields = {"part": f"{all.part:,}", "whole": f"{all.whole:,}", "percent": str(all.percent)}
    return Figure(name, [(monday, percent) for monday, percent in known if percent is not None], fields, "percent")


def _source(id: str, staff: Staff) -> str:
    """A source's title, its id where it isn't in the corpus any more."""
    view = staff.engine.source(id)
    return view.heading if view else id


def _draw(figure: Figure, words: Words) -> None:
    st.html(
        f'<section class="ka-library"><h3>{escape(figure.title(words))}</h3>'
        f'<p class="ka-small">{escape(figure.sentence(words))}</p></section>'
    )
    if any(number for _, number in figure.values):
        st.altair_chart(chart(figure, words), width="stretch", key=f"ka_asked_chart_{figure.name}")
        st.html(table(figure, words))


def _times(found: Asked, words: Words) -> None:
    """Response times: words alone, since they are known only as upper limits."""
    items = "".join(f"<li>{_time(percent, limit, words)}</li>" for percent, limit in found.times.items())
    told = f"<ul>{items}</ul>" if items else f'<p class="ka-small">{words.html("asked_nothing")}</p>'
    st.html(f'<section class="ka-library"><h3>{words.html("asked_times")}</h3>{told}</section>')


def _time(percent: int, limit: int | None, words: Words) -> str:
    if limit is None:
        return words.html("asked_time_slower", percent=str(percent))
    return words.html("asked_time", percent=str(percent), seconds=f"{limit / 1000:g}")


show()
