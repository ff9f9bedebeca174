"""The library page: browse and search everything that answers are drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ui import shared
from ui.catalogue import GRADES, Entry, Filter, newest_first, source_html
from ui.chart import as_table, chart, count, in_words
from ui.words import escape

if TYPE_CHECKING:
    from answer.engine import Engine
    from answer.say import SourceView

_PAGE = 20
_HITS = 200
_SHOWN = "ka_library_shown"


def show() -> None:
    """Draw the page."""
    engine = shared.parts().engine
    if engine is None:
        return
    views = engine.sources()
    _heading(views)
    wanted = st.query_params.get("source")
    if wanted:
        _one_source(engine, wanted)
        return
    text, chosen = _filters(views)
    found = _search(engine, text) if text.strip() else newest_first(views)
    fitting = [entry for entry in found if chosen.fits(entry.view.meta)]
    _results(fitting, len(views))
    _chart(views)


def _heading(views: list[SourceView]) -> None:
    words = shared.parts().words
    claims = sum(len(view.claims) for view in views)
    intro = words.html("library_intro", sources=f"{len(views):,}", claims=f"{claims:,}")
    st.html(
        f'<div class="ka-library"><h2>{words.html("library_title")}</h2><p>{intro}</p>'
        f'<p class="ka-small">{words.html("library_limits")}</p></div>'
    )


def _one_source(engine: Engine, wanted: str) -> None:
    """The source that the address names, opened; old names work too."""
    words = shared.parts().words
    view = engine.source(wanted)
    told = words.html("library_one_source" if view else "library_unknown_source")
    st.html(f'<p class="ka-small">{told}</p>')
    if view:
        st.html(source_html(Entry(view), words, opened=True))
    st.button(words.text("library_show_all"), on_click=st.query_params.clear)


def _filters(views: list[SourceView]) -> tuple[str, Filter]:
    words = shared.parts().words
    metas = [view.meta for view in views]
    text = st.text_input(
        words.text("library_search"),
        placeholder=words.text("library_search_placeholder"),
        key="ka_search",
        max_chars=300,
    )
    topics = sorted({t for m in metas for t in m.topics}, key=lambda t: words.label("topic", t))
    kinds: list[str] = sorted({m.kind for m in metas}, key=lambda kind: words.label("kind", kind))
    grades = [grade for grade in GRADES if any(m.evidence == grade for m in metas)]
    left, right = st.columns(2)
    with left:
        picked_topics = _pick("library_topics", "topic", topics)
        picked_grades = _pick("library_evidence", "evidence", grades)
    with right:
        picked_kinds = _pick("library_kinds", "kind", kinds)
        years = _years(sorted({m.year for m in metas if m.year}))
    return text, Filter(picked_topics, picked_kinds, picked_grades, years)


def _pick(title: str, group: str, values: list[str]) -> list[str]:
    words = shared.parts().words
    return st.multiselect(
        words.text(title),
        values,
        format_func=lambda value: words.label(group, value),
        placeholder=words.text("library_any"),
        key=f"ka_{group}",
    )


def _years(years: list[int]) -> tuple[int, int] | None:
    """The chosen range; None while it is as wide as it can be, so that sources without a year show."""
    if len(years) < 2:
        return None
    whole = (years[0], years[-1])
    chosen: tuple[int, int] = st.slider(shared.parts().words.text("library_years"), *whole, value=whole, key="ka_years")
    return None if chosen == whole else chosen


def _search(engine: Engine, text: str) -> list[Entry]:
    """Sources in the order of their best claim for ``text``."""
    best: dict[str, Entry] = {}
    for hit in engine.search(text, k=_HITS):
        view = engine.source(hit.source.id) if hit.source.id not in best else None
        if view:
            best[hit.source.id] = Entry(view, hit.passage)
    return list(best.values())


def _results(entries: list[Entry], total: int) -> None:
    words = shared.parts().words
    shown = int(st.session_state.get(_SHOWN, _PAGE))
    if not entries:
        st.html(f'<p class="ka-sorry" role="status">{words.html("library_none")}</p>')
        return
    told = words.html("library_count", count=f"{len(entries):,}", total=f"{total:,}")
    st.html(f'<p class="ka-small" role="status">{told}</p>')
    st.html("".join(source_html(entry, words) for entry in entries[:shown]))
    if len(entries) > shown:
        st.button(words.text("library_more"), on_click=_show_more)


def _show_more() -> None:
    st.session_state[_SHOWN] = int(st.session_state.get(_SHOWN, _PAGE)) + _PAGE


def _chart(views: list[SourceView]) -> None:
    words = shared.parts().words
    counts = count(view.meta for view in views)
    if not counts:
        return
    st.html(
        f'<div class="ka-library"><h2>{words.html("chart_title")}</h2>'
        f'<p class="ka-small">{escape(in_words(counts, words))}</p></div>'
    )
    st.altair_chart(chart(counts, words), width="stretch", key="ka_chart")
    st.html(as_table(counts, words))


show()
