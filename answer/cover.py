"""Decide whether the passages found cover what was asked.

A search score can't tell: "does ketamine help tinnitus?" scores like a good question. So a small logistic model looks
at how well the question's words, and above all the *aspects* it names (a condition, drug, food, group of people, event
or place), are found in the passages that would be quoted. It is fitted on labelled questions split by topic
(``python -m evals.fit_cover``); its weights lie beside this file in ``cover.json``.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from answer.retrieve import Hit
from ingest.generation import Generation
from ingest.schema import Passage
from ingest.terms import Terms, name_term
from ingest.vocabulary import Mention, words_of

LOOKED_AT = 10
QUOTED = 5
COMMON_SHARE = 0.08
FEATURES = ("score", "gap", "best", "best_text", "unknown", "unknown_count", "missing", "never", "length")


@dataclass(frozen=True, slots=True)
class Coverage:
    """``probability`` that the sources cover the question; ``missing``: the question's own words for what they lack."""

    probability: float
    missing: tuple[str, ...]
    features: dict[str, float]


class Coverer:
    """Judges questions against one generation of the index."""

    def __init__(self, generation: Generation, terms: Terms, model: Path | None = None) -> None:
        self._generation = generation
        self._terms = terms
        self._vocabulary = terms.vocabulary
        self._model = json.loads((model or Path(__file__).with_name("cover.json")).read_text(encoding="utf-8"))
        self._words = lru_cache(maxsize=50_000)(self._words_uncached)
        self._names = lru_cache(maxsize=50_000)(self._names_uncached)

    def judge(self, text: str, hits: Sequence[Hit]) -> Coverage:
        """How likely the passages in ``hits`` (best first, at least one) cover the question."""
        text = self._without_places(text, hits)
        features = self.features(text, hits)
        total = float(self._model["intercept"])
        for name in FEATURES:
            weight = self._model["features"][name]
            total += weight["weight"] * (features[name] - weight["mean"]) / weight["scale"]
        return Coverage(1 / (1 + math.exp(-total)), tuple(self._missing_words(text, hits)), features)

    def features(self, text: str, hits: Sequence[Hit]) -> dict[str, float]:
        """What the model looks at, by name."""
        weights = {term: self._generation.idf(term) for term in dict.fromkeys(self._terms.asked(text))}
        total = sum(weights.values()) or 1.0
        unknown = [term for term in weights if not self._generation.count(term)]
        quoted = [hit.passage for hit in hits[:QUOTED]]

        def share(words: frozenset[str]) -> float:
            return sum(weight for term, weight in weights.items() if term in words) / total

        missing = self._missing(text, hits)
        return {
            "score": hits[0].score,
            "gap": hits[0].score - hits[min(len(hits), LOOKED_AT) - 1].score,
            "best": max(share(self._words(passage, True)) for passage in quoted),
            "best_text": max(share(self._words(passage, False)) for passage in quoted),
            "unknown": sum(weights[term] for term in unknown) / total,
            "unknown_count": float(len(unknown)),
            "missing": float(len(missing)),
            "never": float(sum(1 for mention in missing if not self._count(mention))),
            "length": math.log(1 + len(words_of(text))),
        }

    def _missing(self, text: str, hits: Sequence[Hit]) -> list[Mention]:
        """Aspects named in the question that none of the passages names."""
        found = frozenset().union(*(self._names(hit.passage) for hit in hits[:LOOKED_AT]))
        return [mention for mention in self._aspects(text) if mention.term.name not in found]

    def _without_places(self, text: str, hits: Sequence[Hit]) -> str:
        """The text without the towns and countries that sources found speak for: they say where the reader is."""
        countries = {country for hit in hits for country in hit.source.country}
        words = words_of(text)
        for mention in reversed(self._vocabulary.mentions(text)):
            if mention.term.kind == "place" and mention.term.country in countries:
                del words[mention.start : mention.end]
        return " ".join(words)

    def _aspects(self, text: str) -> list[Mention]:
        """Terms that narrow the question; names that every other passage holds ("ketamine") don't."""
        common = COMMON_SHARE * len(self._generation.passages)
        mentions = self._vocabulary.mentions(text)
        return [mention for mention in mentions if self._count(mention) < common]

    def _count(self, mention: Mention) -> int:
        return self._generation.count(name_term(mention.term.name))

    def _missing_words(self, text: str, hits: Sequence[Hit]) -> list[str]:
        """The question's own words for what is missing: aspects first, else words that the corpus never uses."""
        words = words_of(text)
        named = [" ".join(words[mention.start : mention.end]) for mention in self._missing(text, hits)]
        if named:
            return list(dict.fromkeys(named))
        strange = [
            word for word in words if len(word) > 3 and not any(map(self._generation.count, self._terms.asked(word)))
        ]
        return [word for word in dict.fromkeys(strange) if self._terms.asked(word)]

    def _words_uncached(self, passage: Passage, with_questions: bool) -> frozenset[str]:
        texts = (passage.titled, *passage.questions) if with_questions else (passage.titled,)
        return frozenset(self._terms.of(" ".join(texts)))

    def _names_uncached(self, passage: Passage) -> frozenset[str]:
        return frozenset(self._vocabulary.named_with_ancestors(passage.titled))
