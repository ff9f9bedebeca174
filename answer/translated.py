"""FAQ entries in other languages: found by how words are spelt, since the embedder reads English only.

``corpus/faq/<language>/<id>.md`` holds phrasings and a translated answer of the English entry of that id, sentence by
sentence. A question is compared with all phrasings by its letter groups (TF-IDF of character n-grams inside words,
accents aside), which bears typing slips and endings; the quotes stay English.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer

from ingest.faq import FaqEntry, load_entries
from ingest.schema import Problem
from ingest.vocabulary import words_of

ENGLISH = "en"
CLOSE = 0.5
AHEAD = 0.03
LEAST_KNOWN = 0.35
NGRAMS = (2, 4)


@dataclass(frozen=True, slots=True)
class Translation:
    """A translated entry: the English entry's id, the sentences in its order, and whether a native speaker has read it."""

    id: str
    language: str
    sentences: tuple[str, ...]
    reviewed: bool


class Translations:
    """All translated entries."""

    def __init__(self, folder: Path) -> None:
        """Read the translations below an FAQ folder (one folder a language)."""
        self.problems: list[Problem] = []
        self._languages: dict[str, _Language] = {}
        for place in sorted(path for path in folder.glob("??") if path.is_dir()):
            entries, problems = load_entries(place)
            self.problems += problems
            if entries:
                self._languages[place.name] = _Language(place.name, entries)

    @property
    def languages(self) -> list[str]:
        """Codes of the languages that have entries."""
        return list(self._languages)

    def language_of(self, text: str) -> str | None:
        """The language most of a text's words belong to; None when too few are known in any."""
        words = words_of(text)
        shares = {code: language.known(words) for code, language in self._languages.items()}
        best = max(shares, key=lambda code: shares[code], default=None)
        return best if best and shares[best] >= LEAST_KNOWN else None

    def match(self, text: str, language: str) -> Translation | None:
        """The entry of a language that a question is closest to in spelling; None when none is close."""
        found = self._languages.get(language)
        return found.match(text) if found else None


class _Language:
    """The entries of one language."""

    def __init__(self, code: str, entries: Sequence[FaqEntry]) -> None:
        self._entries = {entry.meta.id: _translation(code, entry) for entry in entries}
        self._ids = [entry.meta.id for entry in entries for _ in entry.meta.questions]
        texts = [question for entry in entries for question in entry.meta.questions]
        self._vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=NGRAMS, strip_accents="unicode", sublinear_tf=True)
        self._rows = self._vectorizer.fit_transform(texts)
        said = (sentence.text for entry in entries for sentence in entry.sentences)
        self._words = {word for text in (*texts, *said) for word in words_of(text) if word.isalpha()}

    def known(self, words: Sequence[str]) -> float:
        """The share of words that the entries use too."""
        return sum(word in self._words for word in words) / (len(words) or 1)

    def match(self, text: str) -> Translation | None:
        """The closest entry, if it is close and clearly ahead of the second."""
        likeness = (self._rows @ self._vectorizer.transform([text]).T).toarray()[:, 0]
        best: dict[str, float] = defaultdict(float)
        for entry_id, value in zip(self._ids, likeness, strict=True):
            best[entry_id] = max(best[entry_id], float(value))
        first, second = sorted(best, key=lambda entry_id: -best[entry_id])[:2] if len(best) > 1 else (*best, "")
        ahead = best[first] - best.get(second, 0.0)
        return self._entries[first] if best[first] >= CLOSE and ahead >= AHEAD else None


def _translation(code: str, entry: FaqEntry) -> Translation:
    return Translation(entry.meta.id, code, tuple(s.text for s in entry.sentences), entry.meta.native_reviewed)


def mismatches(folder: Path, english: Mapping[str, FaqEntry], languages: Iterable[str]) -> list[Problem]:
    """Translations that don't follow their English entry: unknown id, other number of sentences, other sources."""
    problems = []
    for language in languages:
        for entry in load_entries(folder / language)[0]:
            original = english.get(entry.meta.id)
            if original is None:
                problems.append(Problem(entry.path, f"there is no English entry '{entry.meta.id}'", field="id"))
            elif [s.cites for s in entry.sentences] != [s.cites for s in original.sentences]:
                problems.append(Problem(entry.path, f"sentences and sources differ from {original.path.name}"))
            elif entry.meta.language != language:
                problems.append(Problem(entry.path, f"must be '{language}' in this folder", field="language"))
    return problems
