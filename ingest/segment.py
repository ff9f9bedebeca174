"""A segment of an index: passages, their sources and their vectors in Chroma; written once, never changed."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import chromadb
import numpy as np
from chromadb.api.client import Client
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings as ChromaSettings
from pydantic import BaseModel

from ingest.embed import Vectors
from ingest.schema import Passage, SourceMeta

CHROMA_COLLECTION = "keys"
BATCH = 2048
SEARCH_WIDTH = 200


class StoredSource(BaseModel):
    """A source as a reader of the index gets it back."""

    meta: SourceMeta
    heading: str


class Segment:
    """A finished segment, open for reading."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self.passages = [_passage(line) for line in _lines(folder / "passages.jsonl")]
        self._sources_file = folder / "sources.jsonl"
        self._client = _open_chroma(folder / "chroma")
        self._keys: Collection = self._client.get_collection(CHROMA_COLLECTION, embedding_function=None)
        self._size = self._keys.count()

    @cached_property
    def sources(self) -> dict[str, StoredSource]:
        """Sources by id; read when first asked for, since a writer seldom needs them."""
        stored = (StoredSource.model_validate_json(line) for line in _lines(self._sources_file))
        return {source.meta.id: source for source in stored}

    def nearest(self, vectors: Vectors, k: int) -> list[dict[str, float]]:
        """For each query vector, the ``k`` nearest keys and their cosines."""
        if not self._size:
            return [{} for _ in vectors]
        found = self._keys.query(query_embeddings=list(vectors), n_results=min(k, self._size), include=["distances"])
        return [
            {key: 1.0 - distance for key, distance in zip(ids, distances, strict=True)}
            for ids, distances in zip(found["ids"], found["distances"] or [], strict=True)
        ]

    def vectors(self, keys: Sequence[str]) -> dict[str, Vectors]:
        """Stored vectors of those ``keys`` that are in this segment."""
        found: dict[str, Vectors] = {}
        for start in range(0, len(keys), BATCH):
            got = self._keys.get(ids=list(keys[start : start + BATCH]), include=["embeddings"])
            rows = np.asarray(got["embeddings"], np.float32)
            found |= dict(zip(got["ids"], rows, strict=True))
        return found

    def close(self) -> None:
        """Release Chroma's files and memory."""
        self._client.close()


class SegmentWriter:
    """Writes one segment: first the texts, then vectors in any order and any number of batches."""

    def __init__(self, folder: Path, passages: Sequence[Passage], sources: Iterable[StoredSource]) -> None:
        folder.mkdir(parents=True)
        _write_lines(folder / "sources.jsonl", (source.model_dump_json(exclude_defaults=True) for source in sources))
        _write_lines(folder / "passages.jsonl", (json.dumps(asdict(p), ensure_ascii=False) for p in passages))
        self._source_of = {passage.id: passage.source_id for passage in passages}
        self._client = _open_chroma(folder / "chroma")
        self._keys = self._client.create_collection(
            CHROMA_COLLECTION,
            embedding_function=None,
            configuration={"hnsw": {"space": "cosine", "ef_search": SEARCH_WIDTH}},
        )

    def add(self, keys: Sequence[tuple[str, str]], vectors: Vectors) -> None:
        """Store the vectors of ``keys`` (id, text), one row a key."""
        self._keys.add(
            ids=[key for key, _ in keys],
            embeddings=vectors,
            documents=[text for _, text in keys],
            metadatas=[{"source_id": self._source_of[key.split(":", 1)[0]]} for key, _ in keys],
        )

    def close(self) -> None:
        """Finish the segment on disk."""
        self._client.close()


def _open_chroma(folder: Path) -> Client:
    client = chromadb.PersistentClient(str(folder), settings=ChromaSettings(anonymized_telemetry=False))
    return cast(Client, client)


def _passage(line: str) -> Passage:
    data: dict[str, Any] = json.loads(line)
    return Passage(**data | {"questions": tuple(data["questions"]), "cites": tuple(data["cites"])})


def _lines(path: Path) -> Iterable[str]:
    with path.open(encoding="utf-8") as file:
        yield from file


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
