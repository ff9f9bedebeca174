"""Find the passages that speak to a question: dense (Chroma) and BM25 together.

A passage is embedded with its title, and so are the questions it answers. With q the best cosine of the question to
a passage's own questions, t its cosine to the titled passage and b its BM25 divided by the question's best BM25:

    score = 0.35 t + 0.4 q + 0.25 b      for a passage with questions of its own
    score = 0.8 t           + 0.2 b     for one without

Chroma gives the nearest keys (titled passages and questions alike), BM25 its best rows. A candidate's key that is not
among the nearest counts as the farthest of them: it can't be nearer, and fetching the exact cosine cost 15 ms a
question and changed nothing (docs/decisions.md, "How passages are scored").
"""

from collections.abc import Sequence
from dataclasses import dataclass
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
from ingest.terms import Terms

NEAREST_KEYS = 600
BEST_WORDS = 50
WEIGHTS = (0.35, 0.4, 0.25)
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

    def search(self, text: str, k: int = 10) -> list[Hit]:
        """The ``k`` best passages for a question, best first; near-duplicate texts once."""
        return self.search_many([text], k)[0]

    def search_many(self, texts: Sequence[str], k: int = 10) -> list[list[Hit]]:
        """``search`` for many questions, embedded together."""
        vectors = self._embedder.embed(texts)
        with self.index.reading() as generation:
            found = generation.nearest(vectors, NEAREST_KEYS)
            return [self._rank(generation, text, nearest, k) for text, nearest in zip(texts, found, strict=True)]

    def _rank(self, generation: Generation, text: str, nearest: dict[str, float], k: int) -> list[Hit]:
        terms = self._terms.of(text)
        words = generation.bm25(terms)
        best = float(words.max(initial=0.0)) or 1.0
        farthest = min(nearest.values(), default=0.0)
        named = self._terms.vocabulary.named_with_ancestors(text)
        rows = [
            row
            for row in _candidates(generation, nearest, words)
            if _source(generation, row).only_for in (None, *named)
        ]
        hits = [_hit(generation, row, nearest, farthest, float(words[row]) / best) for row in rows]
        hits.sort(key=lambda hit: (-hit.score, hit.passage.id))
        return _without_repeats(hits, k)


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


def _hit(generation: Generation, row: int, nearest: dict[str, float], farthest: float, words: float) -> Hit:
    passage = generation.passages[row]
    titled = nearest.get(f"{passage.id}:t", farthest)
    own = [nearest.get(f"{passage.id}:q{number}", farthest) for number in range(len(passage.questions))]
    asked = max(own, default=titled)
    weights = WEIGHTS if own else WEIGHTS_WITHOUT_QUESTIONS
    score = weights[0] * titled + weights[1] * asked + weights[2] * words
    return Hit(passage, _source(generation, row), score, titled, asked, words)


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
