"""What the corpus itself says, so that it isn't taken for a reader's: authors, people, phone numbers, names, words."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
HEAD = 4000
LEAST_DIGITS = 3
_AUTHORS = re.compile(r'^authors: "?(.*?)"?$', re.MULTILINE)
_TITLE = re.compile(r'^title: "?(.*?)"?$', re.MULTILINE)
# Front matter, ids of sources and addresses hold names in small letters.
_NOT_TOLD = re.compile(r"\A---\n.*?^---$|\[[\w., -]*\]|https?://\S+", re.DOTALL | re.MULTILINE)
_AUTHOR = re.compile(r"(?P<family>[^\W\d_][\w' -]*?) (?P<initials>[A-Z]{1,3})(?: Jr)?\.?(?=,|;|$| et)")
_FIRST_AUTHOR = re.compile(r"(?P<family>[a-z]+(?:-[a-z]+)*)-(?:19|20)\d\d\b")
_NUMBER = re.compile(r"\+?\d[\d ()./-]{1,18}\d")
_PAIR = re.compile(r"\b([A-ZΆ-Ω][^\W\d_]+) ([A-ZΆ-Ω][^\W\d_]+)\b")
_LOWER = re.compile(r"(?<![\w'’-])[^\W\d_]{2,}(?![\w'’])")


@dataclass(slots=True)
class Known:
    """``authors``: family name → initials of those who bear it; ``pairs``: words the corpus writes side by side, both
    with a capital; ``numbers``: digits of phone numbers; ``names``: words of the vocabulary; ``phrases``: its names of
    several words; ``words``: what the corpus writes in small letters. All but numbers are folded."""

    authors: dict[str, set[str]] = field(default_factory=dict)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    phrases: set[tuple[str, ...]] = field(default_factory=set)
    words: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, corpus: Path) -> Known:
        """Read a corpus folder; what isn't there is left out."""
        known = cls()
        for path in (*corpus.glob("literature/*.md"), *corpus.glob("article.md"), *corpus.glob("faq/**/*.md")):
            known._take_text(path.stem, path.read_text(encoding="utf-8", errors="replace"))
        lines = corpus / "crisis-lines.toml"
        if lines.is_file():
            known.numbers |= set(_numbers(lines.read_text(encoding="utf-8")))
        vocabulary = corpus / "vocabulary.toml"
        if vocabulary.is_file():
            known._take_names(tomllib.loads(vocabulary.read_text(encoding="utf-8")).get("term", ()))
        return known

    def _take_text(self, name: str, text: str) -> None:
        first = _FIRST_AUTHOR.match(name)
        if first:
            self._add_author(first["family"].split("-")[-1])
        listed = _AUTHORS.search(text[:HEAD])
        for author in _AUTHOR.finditer(listed[1]) if listed else ():
            self._add_author(author["family"].split()[-1], author["initials"][0])
        title = _TITLE.search(text[:HEAD])
        told = f"{title[1] if title else ''}\n{_NOT_TOLD.sub(' ', text)}"
        self.numbers |= set(_numbers(told))
        self.pairs |= {(fold(one), fold(two)) for one, two in set(_PAIR.findall(told))}
        self.words |= {fold(word) for word in set(_LOWER.findall(told)) if word.islower()}

    def _add_author(self, family: str, initial: str = "") -> None:
        self.authors.setdefault(fold(family), set()).update(initial.lower())

    def _take_names(self, terms: Iterable[dict[str, object]]) -> None:
        for term in terms:
            words = term.get("words", ())
            for name in (term["name"], *(words if isinstance(words, list) else ())):
                parts = tuple(fold(part) for part in WORD.findall(str(name)))
                if len(parts) > 1:
                    self.phrases.add(parts)
                self.names.update(part for part in parts if len(parts) == 1 or len(part) > LEAST_DIGITS)


def fold(text: str) -> str:
    """``text`` in small letters without accents, straight apostrophes, no possessive ending."""
    if text.isascii():
        return text.lower().removesuffix("'s")
    decomposed = unicodedata.normalize("NFD", text.casefold().replace("’", "'"))
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn").removesuffix("'s")


def digits(text: str) -> str:
    """The digits of ``text`` alone."""
    return "".join(character for character in text if character.isdigit())


def _numbers(text: str) -> Iterator[str]:
    return (digits(found) for found in _NUMBER.findall(text))
