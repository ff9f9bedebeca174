"""An FAQ entry as a form shows it, to and from the text of its file; what two editors wrote, put together."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import yaml

from ingest.faq import FaqEntry

LONGEST_ID = 60
_Item = TypeVar("_Item", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence and the ids of its sources."""

    text: str
    cites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What staff write: ways to ask, and the sentences of the answer."""

    id: str
    topic: str = ""
    reviewed: date | None = None
    questions: tuple[str, ...] = ()
    sentences: tuple[Line, ...] = ()

    @classmethod
    def of(cls, entry: FaqEntry) -> Draft:
        """What a file holds."""
        lines = tuple(Line(sentence.text, sentence.cites) for sentence in entry.sentences)
        meta = entry.meta
        return cls(meta.id, meta.topic, meta.reviewed, tuple(meta.questions), lines)

    def text(self) -> str:
        """The text of its file, as ``docs/faq.md`` describes it."""
        matter: dict[str, Any] = {"id": self.id}
        if self.topic:
            matter["topic"] = self.topic
        if self.reviewed:
            matter["reviewed"] = self.reviewed
        matter["questions"] = [_one_line(question) for question in self.questions]
        front = yaml.dump(matter, Dumper=_Indented, sort_keys=False, allow_unicode=True, width=10_000)
        body = "".join(f"{_one_line(line.text)} [{', '.join(line.cites)}]\n" for line in self.sentences)
        return f"---\n{front}---\n{body}"


class _Indented(yaml.SafeDumper):
    """Writes lists as the project's own files have them, so that an export changes only what was edited."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def merged(base: Draft, mine: Draft, theirs: Draft) -> Draft:
    """What I changed since ``base``, put into what somebody else made of it meanwhile.

    A sentence that both changed stands there twice, theirs first: whoever merges looks it over.
    """
    return Draft(
        theirs.id,
        mine.topic if mine.topic != base.topic else theirs.topic,
        max(filter(None, (mine.reviewed, theirs.reviewed)), default=None),
        _merged(base.questions, mine.questions, theirs.questions),
        _merged(base.sentences, mine.sentences, theirs.sentences),
    )


def _merged(base: Sequence[_Item], mine: Sequence[_Item], theirs: Sequence[_Item]) -> tuple[_Item, ...]:
    """Theirs without what I took out, and each of mine that is new behind the one it stands behind with me."""
    result = [item for item in theirs if item in mine or item not in base]
    for place, item in enumerate(mine):
        if item in result or item in base:
            continue
        before = next((other for other in reversed(mine[:place]) if other in result), None)
        result.insert(result.index(before) + 1 if before is not None else len(result), item)
    return tuple(result)


def new_id(question: str, taken: Collection[str]) -> str:
    """A name for an entry, made of its first question, that no other entry has."""
    plain = unicodedata.normalize("NFKD", question.lower().replace("'", "").replace("’", ""))
    words = re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode())
    short = ""
    for word in words:
        if len(short) + len(word) > LONGEST_ID:
            break
        short = f"{short}-{word}" if short else word
    short = short or "question"
    numbered = (f"{short}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (short, *numbered) if name not in taken)


def _one_line(text: str) -> str:
    return " ".join(text.split())
