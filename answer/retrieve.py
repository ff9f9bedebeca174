"""Find the passages that speak to a question: dense (Chroma) and BM25 together.

A passage is embedded with its title, and so are the questions it answers. With q the best cosine of the question to
a passage's own questions, t its cosine to the titled passage and b its BM25 divided by the question's best BM25:

    score = 0.4 t + 0.4 q + 0.2 b       for a passage with questions of its own
    score = 0.8 t         + 0.2 b       for one without

Chroma proposes the nearest keys, BM25 its best rows; the candidates' missing cosines are then computed exactly from
the stored vectors. Weights: docs/decisions.md, "How passages are scored".
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
from ingest.embed import Embedder, Vectors
from ingest.generation import Generation
from ingest.schema import Passage, SourceMeta
from ingest.terms import Terms

NEAREST_KEYS = 200
BEST_WORDS = 50
WEIGHT_DENSE = 0.8
WEIGHT_WORDS = 0.2


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
            proposals = generation.nearest(vectors, NEAREST_KEYS)
            return [
                self._rank(generation, text, vector, proposed, k)
                for text, vector, proposed in zip(texts, vectors, proposals, strict=True)
            ]

    def _rank(
        self, generation: Generation, text: str, vector: Vectors, proposed: dict[str, float], k: int
    ) -> list[Hit]:
        terms = self._terms.of(text)
        words = generation.bm25(terms)
        best = float(words.max(initial=0.0)) or 1.0
        helpline = _asks_for_helpline(terms, self._terms)
        rows = [
            row
            for row in _candidates(generation, proposed, words)
            if helpline or generation.sources[generation.passages[row].source_id].meta.only_for is None
        ]
        cosines = _complete(generation, rows, vector, proposed)
        hits = [_hit(generation, row, cosines, float(words[row]) / best) for row in rows]
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


def _asks_for_helpline(terms: Sequence[str], table: Terms) -> bool:
    named = (table.vocabulary.terms.get(term[1:]) for term in terms if term.startswith("="))
    return any(term is not None and term.kind == "helpline" for term in named)


def _candidates(generation: Generation, proposed: dict[str, float], words: NDArray[np.float32]) -> list[int]:
    rows = {generation.row_of.get(key.split(":", 1)[0], -1) for key in proposed}
    top = np.argsort(-words)[:BEST_WORDS]
    rows |= {int(row) for row in top if words[row] > 0}
    return sorted(rows - {-1})


def _complete(
    generation: Generation, rows: Sequence[int], vector: Vectors, known: dict[str, float]
) -> dict[str, float]:
    """Cosines of all keys of the candidate rows."""
    missing = [key for row in rows for key, _ in generation.passages[row].embedded() if key not in known]
    found = generation.vectors(missing)
    if not found:
        return known
    values = np.stack(list(found.values())) @ vector
    return known | dict(zip(found, map(float, values), strict=True))


def _hit(generation: Generation, row: int, cosines: dict[str, float], words: float) -> Hit:
    passage = generation.passages[row]
    titled = cosines.get(f"{passage.id}:t", 0.0)
    own = [cosines.get(f"{passage.id}:q{number}", 0.0) for number in range(len(passage.questions))]
    asked = max(own, default=titled)
    score = WEIGHT_DENSE * (titled + asked) / 2 + WEIGHT_WORDS * words
    return Hit(passage, generation.sources[passage.source_id].meta, score, titled, asked, words)


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
