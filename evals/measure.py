"""The measurements behind ``evals.bench``: each runs in a process of its own, so that peaks of memory don't mix."""

import os
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from settings import PREFIX, ROOT, Settings

if TYPE_CHECKING:
    from answer.follow import LiveIndex
    from ingest.embed import Embedder

P = ParamSpec("P")
R = TypeVar("R")

RESULTS = (10, 60)
SEED = 0
SHORTEST, LONGEST = 20, 40
PER_FOLDER = 1000
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Built:
    """A full ingest: seconds in all and per stage, what it made, peak memory in MB."""

    seconds: float
    stages: dict[str, float]
    sources: int
    passages: int
    texts: int
    peak: float


@dataclass(frozen=True, slots=True)
class Changed:
    """One changed file: seconds until it was served, for each try; ``texts`` is what was embedded for one of them."""

    loaded: list[float]
    command: list[float]
    texts: int
    peak: float
    command_peak: float


@dataclass(slots=True)
class Asked:
    """Milliseconds of each question, and for each number of results the sources found, best first."""

    search: list[float] = field(default_factory=list)
    total: list[float] = field(default_factory=list)
    stages: dict[str, list[float]] = field(default_factory=dict)
    found: dict[int, list[list[str]]] = field(default_factory=lambda: {k: [] for k in RESULTS})
    build_seconds: float = 0.0
    chunks: int = 0
    peak: float = 0.0


def aside(measure: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a measurement in a new process, which starts with nothing imported."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure, *args, **kwargs).result()


def measure_build(settings: Settings, paths: Sequence[Path]) -> Built:
    """The first full ingest into an empty data folder."""
    from ingest.corpus import ingest_paths  # noqa: PLC0415

    embedder, texts = _counting_embedder(settings.embedder)
    start = time.perf_counter()
    summary = ingest_paths(settings, paths, embedder)
    seconds = time.perf_counter() - start
    return Built(seconds, summary.seconds, summary.sources, summary.passages, texts(), _peak())


def measure_unchanged(settings: Settings) -> float:
    """Seconds of an ingest that has nothing to do, imports left out."""
    from ingest.corpus import ingest_paths  # noqa: PLC0415
    from ingest.embed import Embedder  # noqa: PLC0415

    start = time.perf_counter()
    ingest_paths(settings, [], lambda: Embedder(settings.embedder))
    return time.perf_counter() - start


def measure_change(settings: Settings, paths: Sequence[Path], file: Path, repeats: int) -> Changed:
    """Change one file, ingest, and wait until a reader that was open all along serves the new words."""
    from answer.follow import LiveIndex  # noqa: PLC0415
    from ingest.corpus import ingest_paths  # noqa: PLC0415
    from ingest.embed import identify  # noqa: PLC0415
    from ingest.generation import IndexFolder  # noqa: PLC0415

    embedder, texts = _counting_embedder(settings.embedder)
    embedder().embed(["warm"])
    index = LiveIndex(IndexFolder(settings.data_dir / settings.collection), identify(settings.embedder))
    before = texts()
    loaded = [
        _until_served(index, file, f"mark{number}", lambda: ingest_paths(settings, paths, embedder))
        for number in range(repeats)
    ]
    embedded = round((texts() - before) / repeats)
    command = [
        _until_served(index, file, f"command{number}", lambda: _ingest_command(settings, paths))
        for number in range(repeats)
    ]
    index.close()
    return Changed(loaded, command, embedded, _peak(), _peak(resource.RUSAGE_CHILDREN))


def measure_ours(settings: Settings, questions: Sequence[str]) -> Asked:
    """Ask and search every question in one warm process."""
    from answer.engine import Engine  # noqa: PLC0415
    from answer.retrieve import by_source  # noqa: PLC0415
    from answer.schema import Question  # noqa: PLC0415

    engine, asked = Engine.open(settings), Asked()
    engine.ask(Question(text=questions[0]))
    for text in questions:
        timings = engine.ask(Question(text=text)).timings_ms
        asked.total.append(timings.pop("total"))
        for stage, milliseconds in timings.items():
            asked.stages.setdefault(stage, []).append(milliseconds)
    asked.peak = _peak()
    _search(asked, questions, engine.search, lambda hits: [hit.source.id for hit in by_source(hits)])
    engine.close()
    return asked


def measure_plain(model: Path, folder: Path, files: Sequence[Path], questions: Sequence[str]) -> Asked:
    """The same files and questions with the plain stack; loading its model counts as it does for ours."""
    from evals.plain_stack import PlainStack  # noqa: PLC0415

    asked = Asked()
    start = time.perf_counter()
    stack = PlainStack(model, folder)
    stack.add(files)
    asked.build_seconds, asked.chunks = time.perf_counter() - start, stack.chunks
    stack.search(questions[0], RESULTS[0])
    _search(asked, questions, stack.search, lambda names: list(dict.fromkeys(names)))
    asked.peak = _peak()
    return asked


def _search(
    asked: Asked, questions: Sequence[str], search: Callable[[str, int], R], sources: Callable[[R], list[str]]
) -> None:
    """Search every question for each number of results; the first number is timed, naming the sources left out."""
    for text in questions:
        for k in RESULTS:
            start = time.perf_counter()
            found = search(text, k)
            if k == RESULTS[0]:
                asked.search.append((time.perf_counter() - start) * 1000)
            asked.found[k].append(sources(found))


def write_documents(folder: Path, corpus: Path, count: int) -> None:
    """Write ``count`` documents of one short passage each, in words that the corpus uses, as often as it uses them."""
    from ingest.vocabulary import words_of  # noqa: PLC0415

    words: Counter[str] = Counter()
    for path in (corpus / "literature").glob("*.md"):
        words.update(words_of(path.read_text(encoding="utf-8")))
    draw = random.Random(SEED)
    names, weights = list(words), list(words.values())
    for number in range(count):
        text = " ".join(draw.choices(names, weights, k=draw.randint(SHORTEST, LONGEST)))
        path = folder / f"{number // PER_FOLDER:03d}" / f"generated-{number:06d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text.capitalize()}.\n", encoding="utf-8")


def _counting_embedder(name: str) -> "tuple[Callable[[], Embedder], Callable[[], int]]":
    """An embedder to load when first wanted, and how many texts it has embedded so far."""
    from ingest.embed import Embedder, Vectors  # noqa: PLC0415

    embedded: list[int] = []
    loaded: list[Embedder] = []

    class Counting(Embedder):
        def embed(self, texts: Sequence[str]) -> Vectors:
            embedded.append(len(texts))
            return super().embed(texts)

    def embedder() -> Embedder:
        if not loaded:
            loaded.append(Counting(name))
        return loaded[0]

    return embedder, lambda: sum(embedded)


def _until_served(index: "LiveIndex", file: Path, mark: str, ingest: Callable[[], object]) -> float:
    """Seconds from saving a changed file to the moment its new words are served."""
    text = file.read_text(encoding="utf-8")
    start = time.perf_counter()
    file.write_text(f"{text}\nA further remark: {mark}.\n", encoding="utf-8")
    ingest()
    deadline = time.perf_counter() + PATIENCE
    while time.perf_counter() < deadline:
        with index.reading() as generation:
            if any(mark in passage.text for passage in generation.passages):
                return time.perf_counter() - start
        time.sleep(0.02)
    raise TimeoutError(f"{file.name} was changed and ingested, but isn't served.")


def _ingest_command(settings: Settings, paths: Sequence[Path]) -> None:
    """The same ingest as an operator types it, start of Python and loading of the model included."""
    environment = {**os.environ, f"{PREFIX}CORPUS_DIR": str(settings.corpus_dir)}
    options = ["--data-dir", str(settings.data_dir), "--collection", settings.collection]
    command = [sys.executable, "-m", "cli", "ingest", *map(str, paths), *options]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


def _peak(who: int = resource.RUSAGE_SELF) -> float:
    """Peak memory of this process, or of the largest of its children, in MB."""
    return resource.getrusage(who).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
