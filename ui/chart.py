"""The corpus by year and strength of evidence: a chart, and the same in words and as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import altair as alt
import pandas as pd

from ingest.schema import SourceMeta
from ui.catalogue import GRADES
from ui.words import Words, escape

_COLOURS = ("#1f7a70", "#56a99d", "#c98f2b", "#8d857b")
"""Dark to light and cool to warm: told apart without seeing hue."""

Counts = Counter[tuple[int, str]]


def count(metas: Iterable[SourceMeta]) -> Counts:
    """How many sources there are of each year and grade; sources without a year are left out."""
    return Counter((meta.year, meta.evidence) for meta in metas if meta.year)


def chart(counts: Counts, words: Words) -> Any:
    """Stacked bars, one a year."""
    used = {grade for _, grade in counts}
    names = {grade: words.label("evidence", grade) for grade in GRADES if grade in used}
    colours = [colour for grade, colour in zip(GRADES, _COLOURS, strict=True) if grade in used]
    rows = [
        {"year": year, "grade": names[grade], "order": GRADES.index(grade), "sources": number}
        for (year, grade), number in sorted(counts.items())
    ]
    colour = alt.Color(
        "grade:N",
        title=words.text("chart_evidence"),
        scale=alt.Scale(domain=list(names.values()), range=colours),
        legend=alt.Legend(orient="bottom", columns=1, labelLimit=260),
    )
    return (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar(cornerRadius=2)
        .encode(
            x=alt.X("year:O", title=words.text("chart_year"), axis=alt.Axis(labelOverlap=True, labelAngle=0)),
            y=alt.Y("sum(sources):Q", title=words.text("chart_count"), axis=alt.Axis(tickMinStep=1)),
            color=colour,
            order=alt.Order("order:O"),
            tooltip=[
                alt.Tooltip("year:O", title=words.text("chart_year")),
                alt.Tooltip("grade:N", title=words.text("chart_evidence")),
                alt.Tooltip("sources:Q", title=words.text("chart_count")),
            ],
        )
        .properties(height=380, description=in_words(counts, words))
    )


def in_words(counts: Counts, words: Words) -> str:
    """The chart in a sentence."""
    by_year: Counter[int] = Counter()
    by_grade: Counter[str] = Counter()
    for (year, grade), number in counts.items():
        by_year[year] += number
        by_grade[grade] += number
    if not by_year:
        return ""
    peak, most = max(by_year.items(), key=lambda item: item[1])
    grades = [
        words.text("chart_grade", count=str(by_grade[grade]), evidence=words.label("evidence", grade).lower())
        for grade in GRADES
        if by_grade[grade]
    ]
    return words.text(
        "chart_text",
        total=str(by_year.total()),
        first=str(min(by_year)),
        last=str(max(by_year)),
        peak=str(peak),
        peak_count=str(most),
        grades=", ".join(grades),
    )


def as_table(counts: Counts, words: Words) -> str:
    """The same figures as an HTML table to unfold."""
    heads = [words.text("chart_year"), *(words.label("evidence", grade) for grade in GRADES)]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    years = sorted({year for year, _ in counts}, reverse=True)
    rows = "".join(
        f'<tr><th scope="row">{year}</th>' + "".join(f"<td>{counts[(year, grade)]}</td>" for grade in GRADES) + "</tr>"
        for year in years
    )
    return (
        f'<details class="ka-chart-text"><summary>{words.html("chart_table")}</summary>'
        f'<div class="ka-scroll" tabindex="0"><table class="ka-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )
