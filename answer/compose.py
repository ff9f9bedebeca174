"""Choose the corpus's own sentences that answer a question, and put them in order.

No language model: a sentence of the answer is a claim of a card, or the sentence of a longer passage that shares most
with the question. Choice is greedy by directness (the search score, adjusted), with repeats and single-source answers
held back; the order is by directness in bands and, where strength of evidence matters, stronger evidence first.
"""

import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from answer.retrieve import Hit
from ingest.schema import SourceMeta
from ingest.split import sentences
from ingest.terms import Terms

MOST_SENTENCES = 5
MOST_OF_ONE_SOURCE = 3
FURTHEST = 0.3
BAND = 0.06
SECOND_CLAIM_BONUS = 0.1
REPEAT_COST = 0.05
SAME_SAYING = 0.7
OTHER_COUNTRY_COST = 0.1
TOPIC_VOTERS = 8
RANK = {"high": 0, "moderate": 1, "low": 2, "none": 3}


class _Weights(BaseModel):
    model_config = ConfigDict(extra="forbid")

    weights: dict[str, float]
    country_bound: dict[str, list[str]]
    evidence_bound: dict[str, list[str]]
    background: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A sentence for the answer: its words, and the hit it comes from. The words are a verbatim part of the passage."""

    text: str
    hit: Hit


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom an answer is for: the codes of ``countries`` whose rules and prices hold for the reader ("GR", "EU")."""

    countries: frozenset[str]


class Composer:
    """Composes answers with the weights of ``corpus/sections.toml``."""

    def __init__(self, sections: Path, terms: Terms, most_words: int) -> None:
        data = _Weights.model_validate(tomllib.loads(sections.read_text(encoding="utf-8")))
        self._sections = data.weights
        self._country_bound = frozenset(data.country_bound["topics"])
        self._evidence_bound = frozenset(data.evidence_bound["topics"])
        self._background = frozenset(data.background["topics"])
        self._terms = terms
        self._most_words = most_words
        self._bag = lru_cache(maxsize=50_000)(lambda text: frozenset(terms.of(text)))

    def compose(self, question: str, hits: Sequence[Hit], reader: Reader) -> list[Chosen]:
        """Sentences for an answer in reading order; empty only when there are no hits."""
        topic = self.topic(hits)
        direct = self._directness(hits, topic, reader)
        chosen = self._choose(question, hits, direct)
        abroad = {item.hit.source.id for item in chosen if self._is_abroad(item.hit.source, topic, reader)}
        return self._order(chosen, direct, topic, abroad)

    def topic(self, hits: Sequence[Hit]) -> str:
        """What a question is about: the topic that most of the best hits' sources share; "" without any.

        Of topics shared equally, the one that the best hit's source names first: curators list the main topic first.
        """
        votes: Counter[str] = Counter()
        for hit in hits[:TOPIC_VOTERS]:
            topics = [topic for topic in hit.source.topics if topic not in self._background] or hit.source.topics
            for topic in topics:
                votes[topic] += 1 / len(topics)  # type: ignore[assignment]
        return max(votes, key=lambda topic: votes[topic], default="")

    def weighs_evidence(self, topic: str) -> bool:
        """True for questions of effect and safety; practical ones carry no talk of evidence."""
        return topic in self._evidence_bound

    def is_country_bound(self, topic: str) -> bool:
        """True where another country's rules or prices don't answer the reader."""
        return topic in self._country_bound

    def _directness(self, hits: Sequence[Hit], topic: str, reader: Reader) -> dict[str, float]:
        """Search score per passage id, adjusted for section, country and what else its source says."""
        seconds = _second_scores(hits)
        direct = {}
        for hit in hits:
            score = hit.score + SECOND_CLAIM_BONUS * seconds.get(hit.source.id, 0.0)
            score += self._section_weight(hit.passage.section)
            if self._is_abroad(hit.source, topic, reader):
                score -= OTHER_COUNTRY_COST
            direct[hit.passage.id] = score
        return direct

    def _is_abroad(self, source: SourceMeta, topic: str, reader: Reader) -> bool:
        """True when a source speaks of other countries only, on a topic where that doesn't answer the reader."""
        elsewhere = bool(source.country) and not reader.countries & set(source.country)
        return elsewhere and self.is_country_bound(topic)

    def _section_weight(self, section: str) -> float:
        name = section.lower()
        return next((weight for start, weight in self._sections.items() if name.startswith(start)), 0.0)

    def _choose(self, question: str, hits: Sequence[Hit], direct: dict[str, float]) -> list[Chosen]:
        chosen: list[Chosen] = []
        worst = max(direct.values(), default=0.0) - FURTHEST
        pool = [hit for hit in hits if direct[hit.passage.id] >= worst]
        words_of_chosen: list[frozenset[str]] = []
        left = self._most_words
        while pool and len(chosen) < MOST_SENTENCES:
            hit = max(
                pool,
                key=lambda h: (
                    direct[h.passage.id] - REPEAT_COST * _likeness(self._bag(h.passage.text), words_of_chosen)
                ),
            )
            pool.remove(hit)
            text = likest(hit, question, self._terms.of)
            length = len(text.split())
            same_source = sum(1 for earlier in chosen if earlier.hit.source.id == hit.source.id)
            too_like = _likeness(self._bag(hit.passage.text), words_of_chosen) > SAME_SAYING
            if length > left or too_like or same_source == MOST_OF_ONE_SOURCE:
                continue
            chosen.append(Chosen(text, hit))
            words_of_chosen.append(self._bag(hit.passage.text))
            left -= length
        return chosen

    def _order(self, chosen: list[Chosen], direct: dict[str, float], topic: str, abroad: set[str]) -> list[Chosen]:
        """The reader's country first (where it matters), then bands of directness; inside one stronger evidence first
        (where it matters), sources kept together."""
        if not chosen:
            return []
        best = max(direct[item.hit.passage.id] for item in chosen)
        weigh = self.weighs_evidence(topic)

        def band(item: Chosen) -> int:
            return int((best - direct[item.hit.passage.id]) / BAND)

        def key(item: Chosen) -> tuple[bool, int, int, float]:
            rank = RANK[item.hit.source.evidence] if weigh else 0
            return item.hit.source.id in abroad, band(item), rank, -direct[item.hit.passage.id]

        ordered = sorted(chosen, key=key)
        first_seen = {source: place for place, source in reversed(list(enumerate(i.hit.source.id for i in ordered)))}
        return sorted(
            ordered,
            key=lambda item: (item.hit.source.id in abroad, band(item), first_seen[item.hit.source.id]),
        )


def likest(hit: Hit, text: str, words: Callable[[str], Iterable[str]]) -> str:
    """What to quote of a hit for a text: a claim whole, of prose the sentence that shares most ``words`` with it."""
    if hit.passage.kind == "claim":
        return hit.passage.text
    wanted = set(words(text))
    return max(sentences(hit.passage.text), key=lambda own: len(wanted & set(words(own))), default="")


def evidence(hits: Sequence[Hit]) -> list[Hit]:
    """Hits that may support a statement: never the clinic's practical facts, and the clinic's own article (it sells
    what it describes) only where the literature has nothing."""
    independent = [hit for hit in hits if hit.source.provenance != "clinic"]
    return independent or [hit for hit in hits if hit.source.kind == "clinic-article"]


def _second_scores(hits: Sequence[Hit]) -> dict[str, float]:
    """Per source, the score of its second-best hit."""
    seen: Counter[str] = Counter()
    seconds: dict[str, float] = {}
    for hit in hits:
        seen[hit.source.id] += 1
        if seen[hit.source.id] == 2:
            seconds[hit.source.id] = hit.score
    return seconds


def _likeness(words: frozenset[str], others: Sequence[frozenset[str]]) -> float:
    """Greatest share of words (Jaccard) that a text has in common with one of the others."""
    return max((len(words & other) / (len(words | other) or 1) for other in others), default=0.0)
