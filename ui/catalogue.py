"""Filtering the sources for the library page, and one source as HTML with its claims by section."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from ingest.schema import Passage, SourceMeta
from ui.cards import chips, whose_words
from ui.helplines import outside_link
from ui.words import Words, escape, sanitised

if TYPE_CHECKING:
    from answer.say import SourceView

GRADES = ("high", "moderate", "low", "none")


@dataclass(frozen=True, slots=True)
class Filter:
    """What the reader wants to see; an empty field lets everything through."""

    topics: Sequence[str] = ()
    kinds: Sequence[str] = ()
    grades: Sequence[str] = ()
    years: tuple[int, int] | None = None

    def fits(self, meta: SourceMeta) -> bool:
        """True when a source passes every field. A source without a year is left out only by a narrowed range."""
        return (
            (not self.topics or bool(set(self.topics) & set(meta.topics)))
            and (not self.kinds or meta.kind in self.kinds)
            and (not self.grades or meta.evidence in self.grades)
            and (self.years is None or (meta.year is not None and self.years[0] <= meta.year <= self.years[1]))
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """A source in the list, and the claim that fits the reader's search best."""

    view: SourceView
    match: Passage | None = None


def newest_first(views: Iterable[SourceView]) -> list[Entry]:
    """All sources without a search: newest first, then by title."""
    return [Entry(view) for view in sorted(views, key=lambda view: (-(view.meta.year or 0), view.meta.title))]


def source_facts(meta: SourceMeta, words: Words) -> list[str]:
    """Publisher, year, kind, grade and countries of a source in plain words."""
    year = str(meta.year) if meta.year else words.text("no_year")
    countries = words.text("card_countries", countries=words.countries(list(meta.country))) if meta.country else ""
    found = [meta.publisher, year, words.label("kind", meta.kind), words.label("evidence", meta.evidence), countries]
    return [fact for fact in found if fact]


def source_html(entry: Entry, words: Words, *, opened: bool = False) -> str:
    """A source to unfold: what it is, whose words these are, its claims by section, its link."""
    meta = entry.view.meta
    match = ""
    if entry.match:
        text = escape(entry.match.text)
        match = f'<p class="ka-match">{words.html("library_best_match")} <mark>{text}</mark></p>'
    link = outside_link(meta.url, words.text("card_open"), words, meta.title) if meta.url else ""
    shown = ' open=""' if opened else ""
    return sanitised(
        f'<details class="ka-source" id="s-{escape(meta.id)}"{shown}>'
        f'<summary><span class="ka-source-title">{escape(meta.title)}</span>'
        f"{chips(source_facts(meta, words))}{match}</summary>"
        f'<div class="ka-source-body"><p class="ka-small">{whose_words(meta.provenance, words)}</p>'
        f'{_claims(entry.view.claims)}<p class="ka-links">{link}</p></div></details>'
    )


def _claims(claims: Sequence[Passage]) -> str:
    shown = ""
    for section, group in groupby(claims, key=lambda claim: claim.section):
        items = "".join(f"<li>{escape(claim.text)}</li>" for claim in group)
        shown += (f"<h4>{escape(section)}</h4>" if section else "") + f"<ul>{items}</ul>"
    return shown
