"""FAQ entries in other languages: found by how words are spelt, since the embedder reads English only.

``corpus/faq/<language>/<id>.md`` holds phrasings and a translated answer of the English entry of that id, sentence by
sentence. A question is compared with all phrasings by its letter groups (TF-IDF of character n-grams inside words,
accents aside), which bears typing slips and endings; the quotes stay English.
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer

from ingest.faq import FaqEntry, load_entries
from ingest.schema import Problem
from ingest.vocabulary import words_of

CLOSE = 0.65
AHEAD = 0.06
LEAST_KNOWN = 0.35
NGRAMS = (2, 4)
SPELT_WEIGHT = 0.5
STEM = 5
MOST_NEAR = 3


@dataclass(frozen=True, slots=True)
class Translation:
    """A translated entry: the English entry's id, the sentences in its order, whether a native speaker read it."""

    id: str
    sentences: tuple[str, ...]
    reviewed: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What a question found: the entry that answers it, if one is close enough, and the closest questions to offer."""

    match: Translation | None = None
    near: tuple[str, ...] = ()


def load_translations(folder: Path) -> tuple[dict[str, list[FaqEntry]], list[Problem]]:
    """The translated entries below an FAQ folder by language (one folder each), and what is wrong with the others."""
    found: dict[str, list[FaqEntry]] = {}
    problems: list[Problem] = []
    for place in sorted(path for path in folder.glob("??") if path.is_dir()):
        found[place.name], wrong = load_entries(place)
        problems += wrong
    return found, problems


def load_originals(folder: Path) -> dict[str, tuple[str, ...]]:
    """The sentences of the English entries of an FAQ folder by id: what the translations below it were made from."""
    return {entry.meta.id: tuple(s.text for s in entry.sentences) for entry in load_entries(folder)[0]}


class Translations:
    """All translated entries, by language."""

    def __init__(self, entries: Mapping[str, Sequence[FaqEntry]]) -> None:
        """Take in what ``load_translations`` has read."""
        self._languages = {code: _Language(found) for code, found in entries.items() if found}

    def language_of(self, text: str) -> str | None:
        """The language most of a text's words belong to; None when too few are known in any."""
        words = words_of(text)
        shares = {code: language.known(words) for code, language in self._languages.items()}
        best = max(shares, key=lambda code: shares[code], default=None)
        return best if best and shares[best] >= LEAST_KNOWN else None

    def find(self, text: str, language: str, outdated: Collection[str] = ()) -> Found:
        """The entries of a language that a question is closest to in spelling; the ``outdated`` ones aren't shown."""
        found = self._languages.get(language)
        return found.find(text, outdated) if found else Found()


class _Language:
    """The entries of one language."""

    def __init__(self, entries: Sequence[FaqEntry]) -> None:
        self._entries = {entry.meta.id: _translation(entry) for entry in entries}
        self._first = {entry.meta.id: entry.meta.questions[0] for entry in entries}
        self._ids = [entry.meta.id for entry in entries for _ in entry.meta.questions]
        texts = [question for entry in entries for question in entry.meta.questions]
        self._vectorizer = TfidfVectorizer(
            analyzer="char_wb", ngram_range=NGRAMS, strip_accents="unicode", sublinear_tf=True
        )
        self._rows = self._vectorizer.fit_transform(texts)
        self._stems = {e.meta.id: _stems(" ".join(e.meta.questions)) for e in entries}
        held = Counter(stem for stems in self._stems.values() for stem in stems)
        self._rarity = {stem: math.log(1 + len(entries) / count) for stem, count in held.items()}
        self._strange = math.log(1 + len(entries))
        said = (sentence.text for entry in entries for sentence in entry.sentences)
        self._words = {word for text in (*texts, *said) for word in words_of(text) if word.isalpha()}

    def known(self, words: Sequence[str]) -> float:
        """The share of words that the entries use too."""
        return sum(word in self._words for word in words) / (len(words) or 1)

    def find(self, text: str, outdated: Collection[str]) -> Found:
        """The closest entry, if it is close and clearly ahead of the second; plain phrasings of the closest ones."""
        rated = self._rated(text)
        (best, first), second = rated[0], rated[1][0] if len(rated) > 1 else 0.0
        match = self._entries[first] if best >= CLOSE and best - second >= AHEAD else None
        shown = [entry_id for _, entry_id in rated if entry_id not in outdated]
        near = tuple(self._first[entry_id] for entry_id in shown[:MOST_NEAR])
        return Found(match if match and match.id not in outdated else None, near)

    def _rated(self, text: str) -> list[tuple[float, str]]:
        """Entries by likeness, the likest first: letter groups of the closest phrasing, and the share of the text's
        words (by their first letters, rare ones counting more) that the entry's phrasings use."""
        likeness = (self._rows @ self._vectorizer.transform([text]).T).toarray()[:, 0]
        spelt: dict[str, float] = {}
        for entry_id, value in zip(self._ids, likeness, strict=True):
            spelt[entry_id] = max(spelt.get(entry_id, 0.0), float(value))
        weights = {stem: self._rarity.get(stem, self._strange) for stem in _stems(text)}
        total = sum(weights.values()) or 1.0

        def shared(entry_id: str) -> float:
            return sum(weight for stem, weight in weights.items() if stem in self._stems[entry_id]) / total

        rated = ((SPELT_WEIGHT * value + (1 - SPELT_WEIGHT) * shared(name), name) for name, value in spelt.items())
        return sorted(rated, reverse=True)


def _stems(text: str) -> frozenset[str]:
    """First letters of the words, without accents."""
    plain = unicodedata.normalize("NFD", text.lower())
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return frozenset(word[:STEM] for word in words_of(bare))


def _translation(entry: FaqEntry) -> Translation:
    return Translation(entry.meta.id, tuple(s.text for s in entry.sentences), entry.meta.native_reviewed)


def mismatches(translated: Mapping[str, Sequence[FaqEntry]], english: Mapping[str, FaqEntry]) -> list[Problem]:
    """Translations that don't follow their English entry: unknown id, other number of sentences, other sources."""
    problems = []
    for language, entries in translated.items():
        for entry in entries:
            original = english.get(entry.meta.id)
            if original is None:
                problems.append(Problem(entry.path, f"there is no English entry '{entry.meta.id}'", field="id"))
            elif [s.cites for s in entry.sentences] != [s.cites for s in original.sentences]:
                problems.append(Problem(entry.path, f"sentences and sources differ from {original.path.name}"))
            elif entry.meta.language != language:
                problems.append(Problem(entry.path, f"must be '{language}' in this folder", field="language"))
    return problems
