"""Find the passages that speak to a question: dense (Chroma) and BM25 together.

A passage is embedded with its title, and so are the questions it answers. With q the best cosine of the question to
a passage's own questions, t its cosine to the titled passage and b its BM25 divided by the question's best BM25:

    score = 0.35 t + 0.4 q + 0.25 b      for a passage with questions of its own
    score = 0.8 t           + 0.2 b     for one without

A passage that speaks of a narrower case than the question does (a condition or a group of people that the question
doesn't name) is moved down a little: "is it safe?" is not first of all about eye pressure in children.

Chroma gives the nearest keys (titled passages and questions alike), BM25 its best rows. A candidate's key that is not
among the nearest counts as the farthest of them: it can't be nearer, and fetching the exact cosine cost 15 ms a
question and changed nothing (docs/decisions.md, "How passages are scored").
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from numpy.typing import NDArray
from pydantic import ConfigDict

from answer.follow import LiveIndex
from ingest.embed import Embedder
from ingest.generation import Generation
from ingest.schema import Passage, SourceMeta
from ingest.terms import Terms, name_term

NEAREST_KEYS = 600
BEST_WORDS = 50
WEIGHTS = (0.35, 0.4, 0.25)
NARROW_KINDS = frozenset(("condition", "population"))
NARROW_COST = 0.03
MOST_NARROW = 2
COMMON_SHARE = 0.04
WEIGHTS_WITHOUT_QUESTIONS = (0.8, 0.0, 0.2)


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question. ``cosine`` and ``question_cosine`` are raw; ``words`` is BM25 ÷ best."""

    passage: Passage
    source: SourceMeta
    score: float
    cosine: float
    question_cosine: float
    words: float


class Retriever:
    """Searches one collection."""

    def __init__(self, index: LiveIndex, embedder: Embedder, terms: Terms) -> None:
        self.index = index
        self._embedder = embedder
        self._terms = terms
        self._names = lru_cache(maxsize=50_000)(self._names_uncached)
        self.vector = lru_cache(maxsize=256)(lambda text: embedder.embed([text]))

    def search(self, text: str, k: int = 10) -> list[Hit]:
        """The ``k`` best passages for a question, best first; near-duplicate texts once."""
        return self.search_many([text], k)[0]

    def search_in(self, text: str, sources: Collection[str], k: int = 10) -> list[Hit]:
        """``search`` among the passages of some sources only, given by their ids."""
        vectors = self.vector(text)
        with self.index.reading() as generation:
            nearest = generation.nearest(vectors, NEAREST_KEYS)[0]
            rows = [row for row, passage in enumerate(generation.passages) if passage.source_id in sources]
            return self._rank(generation, text, nearest, k, rows)

    def search_many(self, texts: Sequence[str], k: int = 10) -> list[list[Hit]]:
        """``search`` for many questions, embedded together."""
        vectors = self.vector(texts[0]) if len(texts) == 1 else self._embedder.embed(texts)
        with self.index.reading() as generation:
            found = generation.nearest(vectors, NEAREST_KEYS)
            return [self._rank(generation, text, nearest, k) for text, nearest in zip(texts, found, strict=True)]

    def _rank(
        self, generation: Generation, text: str, nearest: dict[str, float], k: int, among: Sequence[int] | None = None
    ) -> list[Hit]:
        words = generation.bm25(self._terms.asked(text))
        best = float(words.max(initial=0.0)) or 1.0
        farthest = min(nearest.values(), default=0.0)
        named = self._terms.vocabulary.named_with_ancestors(text)
        rows = [
            row
            for row in (_candidates(generation, nearest, words) if among is None else among)
            if _source(generation, row).only_for in (None, *named)
        ]
        hits = []
        for row in rows:
            passage, share = generation.passages[row], float(words[row]) / best
            titled, asked = _cosines(passage, nearest, farthest)
            weights = WEIGHTS if passage.questions else WEIGHTS_WITHOUT_QUESTIONS
            score = weights[0] * titled + weights[1] * asked + weights[2] * share
            score -= NARROW_COST * self._narrowness(generation, passage, named)
            hits.append(Hit(passage, _source(generation, row), score, titled, asked, share))
        hits.sort(key=lambda hit: (-hit.score, hit.passage.id))
        return _without_repeats(hits, k)

    def _narrowness(self, generation: Generation, passage: Passage, named: set[str]) -> int:
        """How many narrow cases (two at most) a passage is about that the question doesn't name, nor what they are
        kinds of."""
        vocabulary = self._terms.vocabulary
        common = COMMON_SHARE * len(generation.passages)
        narrow = (
            name
            for name in self._names(passage)
            if name not in named
            and generation.count(name_term(name)) < common
            and not (vocabulary.ancestors(name) & named)
        )
        return sum(1 for _ in islice(narrow, MOST_NARROW))

    def _names_uncached(self, passage: Passage) -> frozenset[str]:
        mentions = self._terms.vocabulary.mentions(passage.titled)
        return frozenset(mention.term.name for mention in mentions if mention.term.kind in NARROW_KINDS)


class HybridRetriever(BaseRetriever):
    """The same search as a LangChain retriever, to plug into chains of one's own."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    retriever: Retriever
    k: int = 10

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [_document(hit) for hit in self.retriever.search(query, self.k)]


def by_source(hits: Sequence[Hit]) -> list[Hit]:
    """The best hit of each source, best first."""
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.passage.source_id, hit)
    return list(best.values())


def _candidates(generation: Generation, nearest: dict[str, float], words: NDArray[np.float32]) -> list[int]:
    rows = {generation.row_of.get(key.split(":", 1)[0], -1) for key in nearest}
    top = np.argsort(-words)[:BEST_WORDS]
    rows |= {int(row) for row in top if words[row] > 0}
    return sorted(rows - {-1})


def _cosines(passage: Passage, nearest: dict[str, float], farthest: float) -> tuple[float, float]:
    """Cosine of the question to the titled passage, and the best one to the passage's own questions."""
    titled = nearest.get(f"{passage.id}:t", farthest)
    own = [nearest.get(f"{passage.id}:q{number}", farthest) for number in range(len(passage.questions))]
    return titled, max(own, default=titled)


def _source(generation: Generation, row: int) -> SourceMeta:
    return generation.sources[generation.passages[row].source_id].meta


def _without_repeats(hits: Sequence[Hit], k: int) -> list[Hit]:
    seen: set[str] = set()
    kept: list[Hit] = []
    for hit in hits:
        mark = "".join(character for character in hit.passage.text.lower() if character.isalnum())
        if mark not in seen:
            seen.add(mark)
            kept.append(hit)
        if len(kept) == k:
            break
    return kept


def _document(hit: Hit) -> Document:
    metadata: dict[str, Any] = {
        "source_id": hit.source.id,
        "passage_id": hit.passage.id,
        "title": hit.source.title,
        "section": hit.passage.section,
        "url": hit.source.url,
        "year": hit.source.year,
        "kind": hit.source.kind,
        "evidence": hit.source.evidence,
        "score": hit.score,
    }
    return Document(page_content=hit.passage.text, metadata=metadata, id=hit.passage.id)
