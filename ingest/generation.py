"""How an index lies on disk, and what one generation of it holds.

    <data>/<collection>/
        live.json                    names the generation that answers; replaced in one step
        lock                         held by the one process that may write
        generations/<name>/          manifest.json and bm25/: what is live, and the word index over it
        segments/<name>/             passages.jsonl, sources.jsonl and chroma/: written once, never changed

A generation is a list of segments. An ingest that changes a few files writes one small new segment and a new
generation that names it beside the old ones, so nothing is copied or embedded again and a reader never meets
half-written data. A source is live in the one segment that the manifest names for it.
"""

import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import nlargest
from operator import itemgetter
from pathlib import Path

import bm25s
import numpy as np
from chromadb.errors import ChromaError
from numpy.typing import NDArray
from pydantic import BaseModel

from errors import OperatorError
from ingest.embed import Vectors
from ingest.schema import Passage
from ingest.segment import Segment

LAYOUT = 2
REBUILD_HINT = "Build it anew with: ketamine-answers ingest --rebuild"


class IndexUnusableError(OperatorError):
    """An index is missing, was built for something else, or is damaged; the message says what to do."""


@contextmanager
def damage_explained(root: Path) -> Iterator[None]:
    """Turn what is raised when files of an index are missing or broken into an ``IndexUnusableError``."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ChromaError) as error:  # Chroma raises them all
        raise IndexUnusableError(f"The index at {root} is damaged ({error}). {REBUILD_HINT}") from error


class LiveSource(BaseModel):
    """Where a source lives, and the digest of everything the index holds of it."""

    digest: str
    segment: str


class Manifest(BaseModel):
    """The contents of one generation."""

    layout: int = LAYOUT
    name: str
    corpus_version: str
    embedder: str
    terms: str
    sources: dict[str, LiveSource]
    segments: list[str]
    passages: int = 0

    def lives_in(self, source_id: str, segment: str) -> bool:
        """True when this generation reads that source from that segment."""
        source = self.sources.get(source_id)
        return source is not None and source.segment == segment


@dataclass(frozen=True, slots=True)
class IndexFolder:
    """The paths of one collection's index."""

    root: Path

    @property
    def pointer(self) -> Path:
        """The file that names the live generation."""
        return self.root / "live.json"

    def generation(self, name: str) -> Path:
        """Folder of a generation."""
        return self.root / "generations" / name

    def segment(self, name: str) -> Path:
        """Folder of a segment."""
        return self.root / "segments" / name

    def live_name(self) -> str | None:
        """Name of the live generation; None before the first ingest.

        Raises:
            IndexUnusableError: the pointer is damaged.
        """
        try:
            return str(json.loads(self.pointer.read_text(encoding="utf-8"))["generation"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexUnusableError(f"{self.pointer} can't be read. {REBUILD_HINT}") from error

    def manifest(self, name: str) -> Manifest:
        """The manifest of a generation.

        Raises:
            IndexUnusableError: it has another layout, or is damaged.
        """
        path = self.generation(name) / "manifest.json"
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            layout = data["layout"]
            if layout == LAYOUT:
                return Manifest.model_validate(data)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexUnusableError(f"The index at {self.root} is damaged ({path.name}). {REBUILD_HINT}") from error
        raise IndexUnusableError(
            f"The index at {self.root} has layout {layout}, this version reads layout {LAYOUT}. {REBUILD_HINT}"
        )

    def switch(self, name: str) -> None:
        """Make ``name`` the live generation, in one step."""
        write_atomically(self.pointer, json.dumps({"generation": name}) + "\n")


class Generation:
    """One version of the index, open for reading. Passages are numbered by row, in the same order as BM25's."""

    def __init__(self, manifest: Manifest, segments: Sequence[Segment], folder: Path) -> None:
        self.manifest = manifest
        self.segments = list(segments)
        self.passages = live_passages(manifest, segments)
        self.row_of = {passage.id: row for row, passage in enumerate(self.passages)}
        self.sources = {
            source_id: stored
            for segment in segments
            for source_id, stored in segment.sources.items()
            if manifest.lives_in(source_id, segment.name)
        }
        self.aliases = {alias: id_ for id_, stored in self.sources.items() for alias in stored.meta.aliases}
        self._bm25 = bm25s.BM25.load(str(folder / "bm25"), load_corpus=False) if self.passages else None
        self._counts = np.diff(self._bm25.scores["indptr"]) if self._bm25 else np.zeros(0, np.int64)

    def nearest(self, vectors: Vectors, k: int) -> list[dict[str, float]]:
        """For each query vector, the ``k`` nearest keys of all segments and their cosines.

        A key counts in the segment that its source lives in: an older one may hold another question under its name.
        """
        found = [self._living(segment, segment.nearest(vectors, k)) for segment in self.segments]
        merged = ([pair for part in row for pair in part] for row in zip(*found, strict=True))
        return [dict(nlargest(k, row, key=itemgetter(1))) for row in merged] or [{} for _ in vectors]

    def _living(self, segment: Segment, found: Sequence[dict[str, float]]) -> list[list[tuple[str, float]]]:
        return [[pair for pair in row.items() if self._lives_in(pair[0], segment.name)] for row in found]

    def _lives_in(self, key: str, segment: str) -> bool:
        row = self.row_of.get(key.split(":", 1)[0])
        return row is not None and self.manifest.lives_in(self.passages[row].source_id, segment)

    def count(self, term: str) -> int:
        """How many passages (their questions included) hold a term."""
        place = self._bm25.vocab_dict.get(term) if self._bm25 else None
        return int(self._counts[place]) if place is not None and place < len(self._counts) else 0

    def idf(self, term: str) -> float:
        """How rare a term is: log(1 + passages ÷ (passages with the term + ½))."""
        return math.log(1 + len(self.passages) / (self.count(term) + 0.5))

    def bm25(self, terms: Iterable[str]) -> NDArray[np.float32]:
        """BM25 of every row for a question's terms; unknown terms count nothing."""
        known = [term for term in terms if term in self._bm25.vocab_dict] if self._bm25 else []
        if not known or self._bm25 is None:
            return np.zeros(len(self.passages), np.float32)
        return np.asarray(self._bm25.get_scores(known), np.float32)


def live_rows(manifest: Manifest, segment: Segment) -> list[int]:
    """Places of a segment's passages whose source the manifest places in it."""
    return [row for row, p in enumerate(segment.passages) if manifest.lives_in(p.source_id, segment.name)]


def live_passages(manifest: Manifest, segments: Iterable[Segment]) -> list[Passage]:
    """The passages whose source the manifest places in their segment, in segment order."""
    return [segment.passages[row] for segment in segments for row in live_rows(manifest, segment)]


def write_atomically(path: Path, text: str) -> None:
    """Replace a file in one step, on disk before it is visible."""
    temporary = path.with_name(f"{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
