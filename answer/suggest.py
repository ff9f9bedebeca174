"""Questions to offer, from ``prompts/suggestions/``: first ones on an empty page, follow-ups beside an answer."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from ingest.vocabulary import words_of

MOST = 3
SAME_QUESTION = 0.6


class _Suggestion(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    topics: tuple[str, ...]
    first: bool = False


class Suggestions:
    """The suggested questions of one language; English where a language has none."""

    def __init__(self, folder: Path, language: str) -> None:
        own = folder / f"{language}.toml"
        path = own if own.exists() else folder / "en.toml"
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["suggestion"]
        self._all = [_Suggestion.model_validate(row) for row in rows]

    def first(self) -> list[str]:
        """What an empty page offers."""
        return [suggestion.text for suggestion in self._all if suggestion.first]

    def all(self) -> list[str]:
        """Every suggested question."""
        return [suggestion.text for suggestion in self._all]

    def follow_ups(self, topics: Sequence[str], asked: Sequence[str]) -> list[str]:
        """At most three questions on ``topics`` (most wanted first) that weren't asked yet."""
        ranked = sorted(self._all, key=lambda suggestion: _rank(suggestion, topics))
        fresh = [s for s in ranked if set(s.topics) & set(topics) and not any(_same(s.text, old) for old in asked)]
        return [suggestion.text for suggestion in fresh[:MOST]]


def _rank(suggestion: _Suggestion, topics: Sequence[str]) -> int:
    return min((topics.index(topic) for topic in suggestion.topics if topic in topics), default=len(topics))


def _same(one: str, other: str) -> bool:
    first, second = set(words_of(one)), set(words_of(other))
    return len(first & second) >= SAME_QUESTION * min(len(first), len(second) or 1)
