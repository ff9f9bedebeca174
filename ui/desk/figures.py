"""A figure of the desk in three ways: as a chart, in a sentence, and as a table to unfold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import altair as alt
import pandas as pd

from desk.sheets import Cell
from ui.words import Words, escape

_COLOUR = "#1f7a70"
_ROW, _AXIS = 30, 70
"""Heights in pixels: of a lying bar, and of what stands below all of them."""

_WIDTH = 420


@dataclass(frozen=True, slots=True)
class Figure:
    """Named values: over time (names are dates) or of things (the most frequent first).

    ``name`` is the figure's name in the interface texts (``asked_<name>``, ``asked_<name>_text`` …), ``values`` pairs
    of a name and a number, ``fields`` what its sentence tells; ``unit`` is percent where the numbers are shares.
    """

    name: str
    values: Sequence[tuple[date | str, int]]
    fields: dict[str, str]
    unit: Literal["count", "percent"] = "count"

    @property
    def over_time(self) -> bool:
        """Whether it goes by dates."""
        return bool(self.values) and isinstance(self.values[0][0], date)

    def title(self, words: Words) -> str:
        """Its heading."""
        return words.text(f"asked_{self.name}")

    def sentence(self, words: Words) -> str:
        """The chart in a sentence; says so where there is nothing to see."""
        if not any(number for _, number in self.values):
            return words.text("asked_nothing")
        return words.text(f"asked_{self.name}_text", **self.fields)

    def rows(self) -> list[list[Cell]]:
        """Its values for a table or a file, dates as 2026-11-24."""
        return [[str(name), number] for name, number in self.values]


def chart(figure: Figure, words: Words) -> Any:
    """Bars, standing over time or lying below each other."""
    if figure.over_time:
        return _standing(figure, words)
    return _lying(figure, words)


def table(figure: Figure, words: Words) -> str:
    """The same figures as an HTML table to unfold."""
    heads = [words.html(f"asked_by_{'time' if figure.over_time else figure.name}"), words.html(f"asked_{figure.unit}")]
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(str(name))}</th><td>{number:,}</td></tr>' for name, number in figure.values
    )
    summary = words.html("asked_table", title=figure.title(words))
    return (
        f'<details class="ka-chart-text"><summary>{summary}</summary>'
        f'<div class="ka-scroll" tabindex="0" role="region" aria-label="{summary}"><table class="ka-table">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )


def _standing(figure: Figure, words: Words) -> Any:
    values = pd.DataFrame([{"when": pd.Timestamp(str(name)), "value": number} for name, number in figure.values])
    time, unit = words.text("asked_by_time"), words.text(f"asked_{figure.unit}")
    size = min(max(_WIDTH // len(figure.values), 2), 24)
    scale = alt.Scale(domain=[0, 100]) if figure.unit == "percent" else alt.Undefined
    return (
        alt.Chart(values)
        .mark_bar(color=_COLOUR, cornerRadius=2, size=size)
        .encode(
            x=alt.X("when:T", title=time, axis=alt.Axis(format="%d %b %y", labelOverlap=True, labelAngle=0)),
            y=alt.Y("value:Q", title=unit, axis=alt.Axis(tickMinStep=1), scale=scale),
            tooltip=[alt.Tooltip("when:T", title=time, format="%Y-%m-%d"), alt.Tooltip("value:Q", title=unit)],
        )
        .properties(height=240, description=figure.sentence(words))
    )


def _lying(figure: Figure, words: Words) -> Any:
    values = pd.DataFrame([{"what": str(name), "value": number} for name, number in figure.values])
    what, unit = words.text(f"asked_by_{figure.name}"), words.text(f"asked_{figure.unit}")
    return (
        alt.Chart(values)
        .mark_bar(color=_COLOUR, cornerRadius=2)
        .encode(
            x=alt.X("value:Q", title=unit, axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("what:N", title=None, sort=None, axis=alt.Axis(labelLimit=150)),
            tooltip=[alt.Tooltip("what:N", title=what), alt.Tooltip("value:Q", title=unit)],
        )
        .properties(height=len(figure.values) * _ROW + _AXIS, description=figure.sentence(words))
    )
