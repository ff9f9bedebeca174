"""A sentence on its way into an answer, with the passages it rests on."""

from collections.abc import Iterable
from dataclasses import dataclass

from ingest.schema import Passage, SourceMeta


@dataclass(frozen=True, slots=True)
class Quoted:
    """A passage that is cited: ``words`` are a verbatim part of it."""

    source: SourceMeta
    passage: Passage
    words: str


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence as a reader sees it, and what it cites."""

    text: str
    quotes: tuple[Quoted, ...]


def sources_of(said: Iterable[Said]) -> list[SourceMeta]:
    """The sources cited, each once, in order."""
    return list({quote.source.id: quote.source for item in said for quote in item.quotes}.values())
