"""Bring an index up to date with a set of sources: incremental, idempotent, atomic.

Only changed sources are split and embedded. A run writes a new segment and a new generation aside, then replaces
the pointer; a stop at any moment leaves the previous generation answering, and the next run clears the rest away.
"""

import fcntl
import hashlib
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import bm25s
import numpy as np
from bm25s.tokenization import Tokenized
from chromadb.errors import ChromaError

from errors import OperatorError
from ingest.count import TermRows
from ingest.embed import Embedder
from ingest.generation import (
    REBUILD_HINT,
    IndexFolder,
    IndexUnusableError,
    LiveSource,
    Manifest,
    damage_explained,
    live_rows,
    write_atomically,
)
from ingest.load import Loaded
from ingest.schema import Passage, Problem, Source
from ingest.seen import Seen, write_seen
from ingest.segment import BATCH, Segment, SegmentWriter, StoredSource
from ingest.split import split
from ingest.terms import Terms

Report = Callable[[str, int, int], None]
SPLIT_VERSION = "1"
BM25_K1 = 1.2
BM25_B = 0.5
MAX_SEGMENTS = 8
MAX_DEAD_SHARE = 0.5
KEPT_GENERATIONS = 2
SEEN = "seen.json"


class IngestError(OperatorError):
    """An ingest can't run or finish; the message says why and what to do. The live index is untouched."""


class IndexBusyError(IngestError):
    """Another ingest is writing to the index; what was wanted can be tried again when that has finished."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What an update works with.

    ``embedder`` names the model (``embed.identify``); ``embed`` gives it loaded and is called only when something
    must be embedded; ``report`` is told (stage, done, total) as work goes on.
    """

    embedder: str
    embed: Callable[[], Embedder]
    terms: Terms
    report: Report = lambda stage, done, total: None


@dataclass(slots=True)
class Summary:
    """What an ingest did. ``seconds`` are per stage; ``problems`` name file, line and field."""

    sources: int = 0
    passages: int = 0
    new: int = 0
    changed: int = 0
    removed: int = 0
    written: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    skipped: dict[Path, str] = field(default_factory=dict)
    faq_entries: int = 0

    @property
    def suspicious(self) -> list[Problem]:
        """The problems that ``ingest.suspect`` found."""
        return [problem for problem in self.problems if problem.suspicious]

    def take_in(self, faq: "Summary") -> None:
        """Add what the ingest of the FAQ did."""
        self.faq_entries = faq.sources
        self.new, self.changed, self.removed = (
            self.new + faq.new,
            self.changed + faq.changed,
            self.removed + faq.removed,
        )
        self.written |= faq.written
        self.problems += faq.problems
        for stage, seconds in faq.seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent inside to a stage."""
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


def update_index(root: Path, loaded: Loaded, tools: Tools, *, rebuild: bool = False) -> Summary:
    """Make the index at ``root`` hold exactly ``loaded.sources``.

    Args:
        root: folder of one collection; created when missing.
        loaded: sources and problems, from ``ingest.load``.
        tools: embedder, word counting and progress.
        rebuild: start from nothing, whatever is there.

    Raises:
        IndexBusyError: another ingest is running.
        IngestError: the folder can't be written, or the disk is full.
        IndexUnusableError: the index was built by another embedder or layout and ``rebuild`` is False.
    """
    try:
        with _lock(root):
            return _Update(IndexFolder(root), loaded, tools, rebuild).run()
    except (OSError, ChromaError) as error:
        reason = getattr(error, "strerror", None) or error
        raise IngestError(f"The index can't be written to {root}: {reason}.") from error


def go_back(root: Path, name: str) -> None:
    """Make a generation that is still there the live one again, in one step.

    Raises:
        IngestError: an ingest is running, or the generation or a part of it has been deleted.
    """
    folder = IndexFolder(root)
    try:
        with _lock(root):
            whole = all(folder.segment(segment).is_dir() for segment in folder.manifest(name).segments)
            if whole:
                folder.switch(name)
    except (OSError, IndexUnusableError) as error:
        raise IngestError(f"The earlier version {name} at {root} can't be used any more: {error}") from error
    if not whole:
        raise IngestError(f"The earlier version {name} at {root} isn't there any more.")


class _Update:
    """One run, holding the lock."""

    def __init__(self, folder: IndexFolder, loaded: Loaded, tools: Tools, rebuild: bool) -> None:
        self.folder, self.loaded, self.tools, self.rebuild = folder, loaded, tools, rebuild
        self.sources: dict[str, Source] = {}
        self.digests: dict[str, str] = {}
        self.seen: dict[str, Seen] = {}
        self.summary = Summary(problems=loaded.problems, skipped=loaded.skipped)

    def run(self) -> Summary:
        live = None if self.rebuild else self._live()
        self._clear(live)
        old = live.sources if live else {}
        self._take_in(old)
        self._count(old)
        nothing_new = live and not (self.summary.new or self.summary.changed or self.summary.removed)
        if live and nothing_new and live.terms == self.tools.terms.digest:
            self.summary.passages = live.passages
            self._note_seen()
            return self.summary
        kept = {name: source for name, source in old.items() if self.digests.get(name) == source.digest}
        with ExitStack() as stack:
            names = live.segments if live else []
            with damage_explained(self.folder.root):
                segments = [stack.enter_context(closing(Segment(self.folder.segment(name)))) for name in names]
            live = self._write(kept, segments, stack)
        self.summary.written = True
        self._clear(live)
        self._note_seen()
        return self.summary

    def _take_in(self, old: dict[str, LiveSource]) -> None:
        """Digests of all sources; files that were left unread are read after all if the index lacks what they held."""
        for name, seen in list(self.loaded.unread.items()):
            if name not in old or old[name].digest != seen.digest:
                del self.loaded.unread[name]
                self.loaded.read(seen.path)
        self.sources = {source.meta.id: source for source in self.loaded.sources}
        self.digests = {name: _digest(source) for name, source in self.sources.items()}
        self.digests |= {name: seen.digest for name, seen in self.loaded.unread.items()}
        self.seen = {
            name: Seen(path, mark, (name, *self.sources[name].meta.aliases), self.digests[name])
            for name, (path, mark) in self.loaded.stamps.items()
        }
        self.summary.sources = len(self.digests)

    def _note_seen(self) -> None:
        if self.seen:
            write_seen(self.folder.root / SEEN, self.loaded.unread | self.seen)

    def _forget_sources(self, *lists: list[Any]) -> None:
        """Let go of sources that are on disk now: of 50,000 they held 140 MB while the embedder needed it."""
        self.sources.clear()
        for held in (*lists, self.loaded.sources):
            held.clear()

    def _live(self) -> Manifest | None:
        name = self.folder.live_name()
        live = self.folder.manifest(name) if name else None
        if live and live.embedder != self.tools.embedder:
            raise IndexUnusableError(
                f"The index at {self.folder.root} was built by the embedder '{live.embedder}', "
                f"the settings name '{self.tools.embedder}'. {REBUILD_HINT}"
            )
        return live

    def _count(self, old: dict[str, LiveSource]) -> None:
        self.summary.new = len(self.digests.keys() - old.keys())
        self.summary.removed = len(old.keys() - self.digests.keys())
        shared = self.digests.keys() & old.keys()
        self.summary.changed = sum(1 for name in shared if self.digests[name] != old[name].digest)

    def _write(self, kept: dict[str, LiveSource], segments: Sequence[Segment], stack: ExitStack) -> Manifest:
        """Write a new segment (fresh sources, and old segments folded into it) and a generation that names it."""
        name = _new_name()
        folded = _to_fold(segments, kept)
        fresh = [source for source_id, source in self.sources.items() if source_id not in kept]
        moved = {source_id for source_id, place in kept.items() if place.segment in {s.name for s in folded}}
        live = [segment for segment in segments if segment not in folded]
        if fresh or moved:
            self._write_segment(name, fresh, [(segment, moved) for segment in folded])
            live.append(stack.enter_context(closing(Segment(self.folder.segment(name)))))
        manifest = Manifest(
            name=name,
            corpus_version=_corpus_version(self.digests),
            embedder=self.tools.embedder,
            terms=self.tools.terms.digest,
            sources={
                source_id: kept[source_id]
                if source_id in kept and source_id not in moved
                else LiveSource(digest=digest, segment=name)
                for source_id, digest in self.digests.items()
            },
            segments=[segment.name for segment in live],
        )
        return self._write_generation(manifest, live)

    def _write_segment(self, name: str, fresh: list[Source], folded: list[tuple[Segment, set[str]]]) -> None:
        passages = self._split(fresh)
        keys = [key for passage in passages for key in passage.embedded()]
        stored = [StoredSource(meta=source.meta, heading=source.heading) for source in fresh]
        old = [(segment, [p for p in segment.passages if p.source_id in moved]) for segment, moved in folded]
        for segment, own in old:
            passages += own
            stored += [segment.sources[source_id] for source_id in dict.fromkeys(p.source_id for p in own)]
        with closing(SegmentWriter(self.folder.segment(name), passages, stored)) as writer:
            self._forget_sources(fresh, stored)
            self._embed(keys, writer)
            for segment, own in old:
                self._carry_over(segment, own, writer)
        self.tools.report("vectors", 1, 1)

    def _split(self, fresh: list[Source]) -> list[Passage]:
        if not fresh:
            return []
        with self.summary.stage("load embedder"):
            embedder = self.tools.embed()
        passages: list[Passage] = []
        with self.summary.stage("split"):
            for number, source in enumerate(fresh, start=1):
                passages += split(source, embedder.count_tokens, embedder.max_tokens)
                self.tools.report("split", number, len(fresh))
        return passages

    def _embed(self, keys: list[tuple[str, str]], writer: SegmentWriter) -> None:
        if not keys:
            return
        chunks = self.tools.embed().embed_sorted([text for _, text in keys], BATCH)
        done = 0
        while True:
            with self.summary.stage("embed"):
                chunk = next(chunks, None)
            if chunk is None:
                return
            positions, vectors = chunk
            with self.summary.stage("chroma"):
                writer.add([keys[position] for position in positions], vectors)
            done += len(positions)
            self.tools.report("embed", done, len(keys))

    def _carry_over(self, segment: Segment, passages: list[Passage], writer: SegmentWriter) -> None:
        """Copy the vectors of live passages out of a segment that is being folded; nothing is embedded again."""
        texts = dict(key for passage in passages for key in passage.embedded())
        with self.summary.stage("chroma"):
            for batch in _batched(texts, BATCH):
                found = segment.vectors(batch)
                writer.add([(key, texts[key]) for key in found], np.stack(list(found.values())))

    def _write_generation(self, manifest: Manifest, segments: Sequence[Segment]) -> Manifest:
        folder = self.folder.generation(manifest.name)
        folder.mkdir(parents=True)
        with self.summary.stage("bm25"):
            rows = self._live_terms(manifest, segments)
            if len(rows):
                index = bm25s.BM25(k1=BM25_K1, b=BM25_B)
                index.index(Tokenized(ids=rows, vocab=rows.places), show_progress=False)
                index.save(str(folder / "bm25"), show_progress=False)
        self.tools.report("bm25", 1, 1)
        self.summary.passages = len(rows)
        finished = manifest.model_copy(update={"passages": len(rows)})
        write_atomically(folder / "manifest.json", finished.model_dump_json())
        self.tools.report("manifest", 1, 1)
        self.folder.switch(manifest.name)
        self.tools.report("switch", 1, 1)
        return finished

    def _live_terms(self, manifest: Manifest, segments: Sequence[Segment]) -> TermRows:
        """BM25 terms of the live passages, in the order of ``generation.live_passages``."""
        parts = []
        for segment in segments:
            rows = TermRows.kept(self.folder.segment(segment.name) / "terms.npz", segment.passages, self.tools.terms)
            parts.append((rows, live_rows(manifest, segment)))
        return TermRows.join(parts)

    def _clear(self, live: Manifest | None) -> None:
        """Delete what no reader can still want: unfinished folders and generations before the last two."""
        if live is None and self.folder.pointer.exists():
            return
        names = sorted(path.name for path in _folders(self.folder.root / "generations"))
        older = [manifest for name in names if live and name < live.name and (manifest := self._finished(name))]
        kept = [*older[len(older) - KEPT_GENERATIONS + 1 :], *([live] if live else [])]
        used = {segment for manifest in kept for segment in manifest.segments}
        unwanted = [self.folder.generation(name) for name in names if name not in {manifest.name for manifest in kept}]
        unwanted += [path for path in _folders(self.folder.root / "segments") if path.name not in used]
        for path in unwanted:
            shutil.rmtree(path, ignore_errors=True)
        self.tools.report("clear", 1, 1)

    def _finished(self, name: str) -> Manifest | None:
        try:
            return self.folder.manifest(name)
        except IndexUnusableError:
            return None


def _digest(source: Source) -> str:
    parts = [SPLIT_VERSION, source.digest, source.meta.model_dump_json(), *map(repr, source.questions.items())]
    parts += map(repr, source.plain.items())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _corpus_version(digests: dict[str, str]) -> str:
    return hashlib.sha256(repr(sorted(digests.items())).encode()).hexdigest()[:12]


def _to_fold(segments: Sequence[Segment], kept: dict[str, LiveSource]) -> list[Segment]:
    """Old segments to merge into the new one.

    Those with nothing live left; all but the largest when there are many; all when more than half they hold is dead.
    """
    live = {
        segment.name: sum(
            1 for p in segment.passages if p.source_id in kept and kept[p.source_id].segment == segment.name
        )
        for segment in segments
    }
    if sum(live.values()) < sum(len(segment.passages) for segment in segments) * (1 - MAX_DEAD_SHARE):
        return list(segments)
    if len(segments) >= MAX_SEGMENTS:
        return sorted(segments, key=lambda segment: live[segment.name])[:-1]
    return [segment for segment in segments if not live[segment.name]]


def _new_name() -> str:
    """A name that sorts by time: milliseconds since 1970, then a random part."""
    return f"{time.time_ns() // 1_000_000:014d}-{uuid4().hex[:6]}"


def _batched(items: Iterable[str], size: int) -> Iterator[list[str]]:
    """Consecutive lists of at most ``size`` items."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _folders(path: Path) -> list[Path]:
    return [entry for entry in path.iterdir() if entry.is_dir()] if path.is_dir() else []


@contextmanager
def _lock(root: Path) -> Iterator[None]:
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise IndexBusyError(f"Another ingest is writing to {root}; wait until it has finished.") from error
        yield
