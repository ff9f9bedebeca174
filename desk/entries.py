"""All FAQ entries that staff see: the desk's own versions, and the project's entries that nobody has edited here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from desk.database import Database
from desk.faq import live_texts, newest_versions, parse
from desk.models import FaqVersion
from ingest.corpus import FAQ
from ingest.faq import FaqEntry, load_entries

Standing = Literal["submitted", "draft", "live", "project", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Row:
    """One entry in the list.

    ``standing`` is that of its newest version: handed in, draft, live, or taken off; ``project`` is an entry of the
    corpus that was never edited here. ``live`` is the number of the desk's live version.
    """

    id: str
    question: str
    standing: Standing
    newest: FaqVersion | None
    live: int | None
    in_corpus: bool
    words: str

    def holds(self, wanted: Sequence[str]) -> bool:
        """Whether all of these words, in small letters, stand in it."""
        return all(word in self.words for word in wanted)


class Entries:
    """The entries of a corpus folder below those of the desk."""

    def __init__(self, corpus: Path, database: Database) -> None:
        self._folder, self._database = corpus / FAQ, database

    def all(self, words: str = "") -> list[Row]:
        """The entries that hold all of these words: what waits for somebody first, then by question."""
        own, newest = self.own(), newest_versions(self._database)
        rows = [_row_of(version, live, version.entry_id in own) for version, live in newest.values()]
        rows += [
            Row(id, entry.meta.questions[0], "project", None, None, True, _words(entry))
            for id, entry in own.items()
            if id not in newest
        ]
        wanted = words.casefold().split()
        order: tuple[Standing, ...] = ("submitted", "draft", "live", "withdrawn", "project")
        found = (row for row in rows if row.holds(wanted))
        return sorted(found, key=lambda row: (order.index(row.standing), row.question.casefold()))

    def own(self) -> Mapping[str, FaqEntry]:
        """The corpus' entries by id."""
        paths = sorted(self._folder.glob("*.md"))
        return _read(self._folder, tuple((path.name, path.stat().st_mtime_ns) for path in paths))

    def own_text(self, id: str) -> str | None:
        """The text of the corpus' entry of an id."""
        entry = self.own().get(id)
        return entry.path.read_text(encoding="utf-8-sig") if entry else None

    def asked(self) -> dict[str, list[str]]:
        """The phrasings of every entry that questions are answered by, by its id."""
        own = {id: entry.meta.questions for id, entry in self.own().items()}
        return own | {id: parse(text).meta.questions for id, text in live_texts(self._database).items()}


@lru_cache(maxsize=4)
def _read(folder: Path, _state: tuple[tuple[str, int], ...]) -> Mapping[str, FaqEntry]:
    """Read again only when a file has changed."""
    return {entry.meta.id: entry for entry in load_entries(folder)[0]}


def _row_of(version: FaqVersion, live: int | None, in_corpus: bool) -> Row:
    entry = parse(version.content)
    standing: Standing = "withdrawn"
    if version.state in ("draft", "submitted"):
        standing = "draft" if version.state == "draft" else "submitted"
    elif live is not None:
        standing = "live"
    return Row(version.entry_id, entry.meta.questions[0], standing, version, live, in_corpus, _words(entry))


def _words(entry: FaqEntry) -> str:
    told = (sentence.text for sentence in entry.sentences)
    return " ".join((entry.meta.id, *entry.meta.questions, *told)).casefold()
