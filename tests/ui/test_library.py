"""The library page on the real engine: browse, filter, search, one source, and the chart with its words."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest

from ingest.schema import SourceMeta
from ui.catalogue import Filter, newest_first, source_html
from ui.chart import as_table, count, in_words
from ui.shared import Parts

Open = Callable[[], AppTest]


def library(open_page: Open, **query: str) -> AppTest:
    at = open_page().switch_page("library.py")
    for name, value in query.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    assert "ka-library" in page_html(at), "the library page must be there"
    return at


def page_html(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def views(parts: Parts) -> list[Any]:
    assert parts.engine is not None
    return parts.engine.sources()


def test_all_sources_can_be_reached(open_page: Open, parts: Parts) -> None:
    at = library(open_page)
    more = parts.words.text("library_more")
    for _ in range(len(views(parts)) // 20 + 1):
        found = [b for b in at.button if b.label == more]
        if found:
            found[0].click().run()
    shown = page_html(at)
    assert shown.count('class="ka-source"') == len(views(parts))
    assert all(html.escape(view.meta.title) in shown for view in views(parts))


def test_a_source_shows_its_claims_by_section(parts: Parts) -> None:
    entry = newest_first(views(parts))[0]
    shown = source_html(entry, parts.words)
    for claim in entry.view.claims:
        assert html.escape(claim.text) in shown
        assert html.escape(claim.section) in shown


def test_a_filter_leaves_only_what_fits(open_page: Open, parts: Parts) -> None:
    at = library(open_page)
    kind = views(parts)[0].meta.kind
    at.multiselect(key="ka_kind").select(kind).run()
    fitting = [view for view in views(parts) if view.meta.kind == kind]
    told = parts.words.html("library_count", count=f"{len(fitting):,}", total=f"{len(views(parts)):,}")
    assert told in page_html(at)


def test_a_search_brings_the_matching_claim(open_page: Open, parts: Parts) -> None:
    at = library(open_page)
    claim = views(parts)[0].claims[0]
    at.text_input(key="ka_search").set_value(claim.text[:200]).run()
    assert not at.exception
    first = page_html(at).partition('class="ka-source"')[2].partition('class="ka-source"')[0]
    assert parts.words.html("library_best_match") in first
    assert html.escape(views(parts)[0].meta.title) in first


def test_an_address_opens_one_source(open_page: Open, parts: Parts) -> None:
    meta = views(parts)[0].meta
    shown = page_html(library(open_page, source=meta.id))
    assert shown.count('class="ka-source"') == 1
    assert f'id="s-{html.escape(meta.id)}" open' in shown


def test_an_unknown_source_is_said_so_literally(open_page: Open, parts: Parts) -> None:
    shown = page_html(library(open_page, source="<script>alert(1)</script>"))
    assert parts.words.html("library_unknown_source") in shown
    assert "<script" not in shown


def test_corpus_text_is_escaped(parts: Parts) -> None:
    entry = newest_first(views(parts))[0]
    hostile = "<img src=x onerror=alert(1)>"
    meta = SourceMeta.model_validate({**entry.view.meta.model_dump(), "title": hostile, "publisher": hostile})
    from dataclasses import replace

    shown = source_html(replace(entry, view=replace(entry.view, meta=meta)), parts.words)
    assert html.escape(hostile) in shown
    assert "<img" not in shown


def test_filters() -> None:
    meta = SourceMeta(id="a", title="A", year=2020, kind="review", evidence="low", topics=["ptsd"])
    no_year = meta.model_copy(update={"year": None})
    assert Filter().fits(meta)
    assert Filter().fits(no_year)
    assert Filter(topics=["ptsd", "other"]).fits(meta)
    assert not Filter(topics=["other"]).fits(meta)
    assert not Filter(kinds=["guideline"]).fits(meta)
    assert not Filter(grades=["high"]).fits(meta)
    assert Filter(years=(2020, 2020)).fits(meta)
    assert not Filter(years=(2021, 2022)).fits(meta)
    assert not Filter(years=(2000, 2022)).fits(no_year)


def test_the_chart_is_told_in_words_and_as_a_table(open_page: Open, parts: Parts) -> None:
    at = library(open_page)
    counts = count(view.meta for view in views(parts))
    assert counts.total() > 0
    assert html.escape(in_words(counts, parts.words)) in page_html(at)
    assert as_table(counts, parts.words) in page_html(at)
    assert len(at.get("arrow_vega_lite_chart")) + len(at.get("vega_lite_chart")) == 1


def test_every_kind_and_grade_has_a_plain_name(parts: Parts) -> None:
    from typing import get_args

    from ingest.schema import Evidence, Kind

    for group, values in (("kind", get_args(Kind)), ("evidence", get_args(Evidence))):
        assert all(parts.words.text(f"{group}_{value}") for value in values)


def test_every_country_of_the_sources_has_a_name(parts: Parts) -> None:
    codes = {code for view in views(parts) for code in view.meta.country}
    assert all(parts.words.text(f"country_{code}") for code in codes)
