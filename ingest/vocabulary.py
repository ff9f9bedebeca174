"""The names that a question may use: lay words, brands, abbreviations → one canonical term each.

Read from ``corpus/vocabulary.toml``. Search counts a canonical name as one more word of a text, so that
"Spravato" finds "esketamine"; the answer room asks which *aspects* (a drug, a condition, a place …) are named.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from errors import OperatorError

TermKind = Literal[
    "condition", "drug", "substance", "food", "population", "event", "procedure", "place", "organisation",
    "body", "symptom", "scale", "route", "clinic",
]  # fmt: skip
WORD = re.compile(r"[^\W_]+(?:[.'’][^\W_]+)*")
LONGEST_TERM = 8


class VocabularyError(OperatorError):
    """The vocabulary file can't be used; the message names file, term and field."""


class Term(BaseModel):
    """One canonical name with its variants; ``parents`` are broader terms, ``country`` places a reader."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    kind: TermKind
    words: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """A term found in a text, with the words it was found by and where (word positions, end exclusive)."""

    term: Term
    start: int
    end: int


class Vocabulary:
    """All terms, looked up in a text by longest match."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self.terms = {term.name: term for term in terms}
        self.digest = hashlib.sha256("\n".join(repr(term) for term in self.terms.values()).encode()).hexdigest()[:16]
        self._phrases: dict[tuple[str, ...], Term] = {}
        self._longest: dict[str, int] = {}
        for term in self.terms.values():
            for variant in (term.name, *term.words):
                phrase = tuple(words_of(variant))
                self._phrases.setdefault(phrase, term)
                if 1 < len(phrase) <= LONGEST_TERM:
                    self._longest[phrase[0]] = max(len(phrase), self._longest.get(phrase[0], 1))

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """Read a vocabulary file; a missing file is an empty vocabulary.

        Raises:
            VocabularyError: the file isn't TOML, or a term doesn't fit; the message names it.
        """
        if not path.exists():
            return cls([])
        try:
            rows = tomllib.loads(path.read_text(encoding="utf-8")).get("term", [])
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise VocabularyError(f"{path}: not TOML: {error}") from error
        terms = []
        for row in rows if isinstance(rows, list) else [rows]:
            try:
                terms.append(Term.model_validate(row))
            except ValidationError as error:
                first = error.errors()[0]
                name = row.get("name") if isinstance(row, dict) else row
                raise VocabularyError(f"{path}: term {name!r}: {first['loc']}: {first['msg']}") from error
        return cls(terms)

    def mentions(self, text: str) -> list[Mention]:
        """Terms named in ``text``, in order, the longest match at each place; a plural s is overlooked."""
        words = words_of(text)
        found: list[Mention] = []
        start = 0
        while start < len(words):
            longest = self._longest.get(words[start], 1)
            for end in range(min(len(words), start + longest), start, -1):
                term = self._lookup(tuple(words[start:end]))
                if term:
                    found.append(Mention(term, start, end))
                    start = end - 1
                    break
            start += 1
        return found

    def names(self, text: str) -> set[str]:
        """Canonical names of the terms in ``text``."""
        return {mention.term.name for mention in self.mentions(text)}

    def named_with_ancestors(self, text: str) -> set[str]:
        """Canonical names of the terms in ``text``, and of all broader terms."""
        names = self.names(text)
        return names.union(*(self.ancestors(name) for name in names))

    @cache  # noqa: B019  (one vocabulary lives as long as the process)
    def ancestors(self, name: str) -> frozenset[str]:
        """All broader terms of a term: sertraline → ssri, antidepressant."""
        found: set[str] = set()
        queue = list(self.terms[name].parents) if name in self.terms else []
        while queue:
            parent = queue.pop()
            if parent not in found:
                found.add(parent)
                queue.extend(self.terms[parent].parents if parent in self.terms else ())
        return frozenset(found)

    def _lookup(self, words: tuple[str, ...]) -> Term | None:
        term = self._phrases.get(words)
        if term is None and len(words[-1]) > 3 and words[-1].endswith("s"):
            term = self._phrases.get((*words[:-1], words[-1][:-1]))
        return term


def words_of(text: str) -> list[str]:
    """The words of a text in lower case: letters and digits, inner dots and apostrophes kept ("0.5", "john's")."""
    return [word.replace("’", "'") for word in WORD.findall(text.lower())]
