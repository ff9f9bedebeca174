"""The command line: ``ketamine-answers ingest | lint | search | ask | verify | audit | evaluate | serve | user …``."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO, cast

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from desk import commands
from errors import OperatorError
from settings import ROOT, Settings, load_settings

if TYPE_CHECKING:
    from answer.audit import Finding
    from answer.engine import Engine
    from answer.schema import Answer
    from ingest.embed import Embedder
    from ingest.index import Report, Summary

app = typer.Typer(
    help="Answers questions about ketamine therapy for depression from a curated public literature.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(commands.users, name="user")
app.add_typer(commands.records, name="records")
app.add_typer(commands.faq, name="faq")
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
STAGES = {"split": "Reading", "embed": "Embedding"}
BATCH = 256
ALL = 10_000
AUDIT_COLORS = {"supported": "green", "overstated": "yellow", "contradicted": "red"}

DataDir = Annotated[Path | None, typer.Option(help="Folder for indexes instead of the settings'.")]
Collection = Annotated[str | None, typer.Option(help="Name of the index instead of the settings'.")]


def main() -> None:
    """Run a command; a mistake or a missing piece ends in one or two lines and exit code 1."""
    try:
        app()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except (OperatorError, OSError) as error:
        err.print(escape(str(error)), style="red", soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("Stopped. What was finished before stays in use.")
        sys.exit(130)


@app.command()
def ingest(
    paths: Annotated[list[Path] | None, typer.Argument(help="Folders or files; the corpus when left out.")] = None,
    collection: Collection = None,
    data_dir: DataDir = None,
    strict: Annotated[bool, typer.Option("--strict", help="End with an error when any file has a problem.")] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Build the index from nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was done and every problem as JSON.")] = False,
) -> None:
    """Bring the index up to date with the corpus, or with any folder of Markdown, text and HTML files."""
    from ingest.corpus import ingest_paths

    settings = _settings(collection, data_dir)
    with _progress() as report:
        summary = ingest_paths(settings, paths or [], _embedder(settings.embedder), report=report, rebuild=rebuild)
    if as_json:
        _print_summary_json(summary)
    else:
        _print_summary(summary)
    if strict and summary.problems:
        raise typer.Exit(1)


@app.command()
def lint(
    plain: Annotated[
        bool, typer.Option("--plain", help="List plain forms that fail too; answers do without them.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Crisis lines checked over a year ago are errors, not warnings.")
    ] = False,
) -> None:
    """Hold FAQ entries, translations, plain forms and messages against their sources, look for suspicious passages
    and for crisis lines checked too long ago; ends with an error when something reviewed fails."""
    from answer.lint import lint as run
    from ingest.corpus import suspicious

    settings = load_settings()
    found = suspicious(settings.corpus_dir)
    problems = [*found, *(p for p in run(settings.corpus_dir, settings.prompts_dir, strict=strict) if p not in found)]
    fatal = [problem for problem in problems if problem.fatal]
    forms = [problem for problem in problems if problem.field == "plain"]
    for problem in problems:
        if plain or problem not in forms:
            warning = not (problem.fatal or problem.suspicious or problem in forms)
            out.print(f"{'warning: ' * warning}{escape(str(problem))}", soft_wrap=True)
    counts = f"{len(forms)} plain forms that answers do without; {len(found)} suspicious passages"
    out.print(f"{len(fatal)} problems; {counts}")
    if fatal:
        raise typer.Exit(1)


@app.command()
def search(
    text: Annotated[str | None, typer.Argument(help="What to look for.")] = None,
    k: Annotated[int, typer.Option("--k", min=1, max=1000, help="How many results.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    batch: Annotated[Path | None, typer.Option(help="JSON lines with id and text, one question each.")] = None,
    output: Annotated[Path | None, typer.Option(help="File for the results of --batch.")] = None,
    collection: Collection = None,
    data_dir: DataDir = None,
) -> None:
    """Find the passages that speak to a question."""
    settings = _settings(collection, data_dir)
    if batch:
        _search_batch(settings, batch, _required(output), k)
        return
    hits = _engine(settings).search(_nonempty(text), k)
    if as_json:
        rows = [
            {"doc_id": h.source.id, "passage_id": h.passage.id, "score": round(h.score, 4), "title": h.source.title,
             "section": h.passage.section, "text": h.passage.text}
            for h in hits
        ]  # fmt: skip
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
        return
    for number, hit in enumerate(hits, start=1):
        out.print(f"[bold]{number}.[/] {escape(hit.source.title)} [dim]{escape(hit.source.id)} · {hit.score:.3f}[/]")
        out.print(f"   {escape(hit.passage.text)}")


@app.command()
def ask(
    text: Annotated[str | None, typer.Argument(help="The question.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer object.")] = False,
    batch: Annotated[Path | None, typer.Option(help="JSON lines with id, text and history, one question each.")] = None,
    output: Annotated[Path | None, typer.Option(help="File for the answers of --batch.")] = None,
    country: Annotated[str | None, typer.Option(help="The reader's country as ISO code.")] = None,
    receipt: Annotated[Path | None, typer.Option(help="File for a receipt that 'verify' can check later.")] = None,
    collection: Collection = None,
    data_dir: DataDir = None,
) -> None:
    """Answer a question with quotes from the literature."""
    from answer.schema import Question

    settings = _settings(collection, data_dir)
    if batch and receipt:
        raise typer.BadParameter("--receipt is for one question, not for a --batch.")
    if batch:
        _ask_batch(settings, batch, _required(output))
        return
    question = Question(text=_given(text), country=country)
    engine = _engine(settings)
    answer = engine.ask(question)
    if receipt:
        _write_receipt(answer, engine, receipt)
    if as_json:
        sys.stdout.write(answer.model_dump_json(indent=1) + "\n")
    else:
        _print_answer(answer)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A receipt written by 'ask --receipt'.")],
    collection: Collection = None,
    data_dir: DataDir = None,
) -> None:
    """Check a receipt against today's literature and rules; exit code 0 only when it is good."""
    from answer.receipt import check_receipt, load_key

    settings = _settings(collection, data_dir)
    key = load_key(settings.data_dir, create=False)
    findings = check_receipt(file, _engine(settings), key)
    for finding in findings:
        out.print(f"{finding.kind.replace('_', ' ')}: {escape(finding.detail)}", soft_wrap=True)
    if any(finding.blocking for finding in findings):
        raise typer.Exit(1)
    out.print("The receipt is good.")


@app.command()
def audit(
    file: Annotated[str, typer.Argument(help="A Markdown, text or HTML file, or - for what is typed or piped in.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    collection: Collection = None,
    data_dir: DataDir = None,
) -> None:
    """Compare each sentence of a text with the literature: supported, overstated, contradicted …"""
    from answer.audit import Auditor, read_bytes, read_text

    settings = _settings(collection, data_dir)
    texts = read_bytes(sys.stdin.buffer.read(), "standard input") if file == "-" else read_text(Path(file))
    findings = Auditor(_engine(settings)).audit(texts)
    if as_json:
        rows = [finding.model_dump() for finding in findings]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
        return
    for finding in findings:
        _print_finding(finding)


@app.command()
def evaluate(
    questions: Annotated[
        list[Path] | None,
        typer.Argument(
            help="JSON lines with question, expect_sources and expect_facts; the project's own sets if none."
        ),
    ] = None,
    failures: Annotated[bool, typer.Option("--failures", help="List what was missed, to read.")] = False,
    report: Annotated[Path | None, typer.Option(help="Markdown file for the table and all failures.")] = None,
    detail: Annotated[str, typer.Option(help="plain, standard or detailed answers.")] = "standard",
    safety: Annotated[bool, typer.Option("--safety", help="Measure the guardrails on labelled messages.")] = False,
    collection: Collection = None,
    data_dir: DataDir = None,
) -> None:
    """Ask whole question sets (or with --safety labelled messages) and print how good the answers are."""
    from typing import get_args

    from answer.schema import Detail
    from evals import report as reports
    from evals.evaluate import evaluate as run
    from evals.rows import read_rows

    if detail not in get_args(Detail):
        raise typer.BadParameter("--detail: plain, standard or detailed")
    if safety:
        _evaluate_safety(_engine(_settings(collection, data_dir)), questions or [], failures)
        return
    files = questions or [ROOT / "evals" / "questions" / f"{name}.jsonl" for name in ("own", "coverage", "hard")]
    rows = [(path.stem, read_rows(path)) for path in files]
    engine = _engine(_settings(collection, data_dir))
    sets = [run(engine, found, name, cast("Detail", detail)) for name, found in rows]
    heading, *lines = reports.table(sets)
    shown = Table(*heading)
    for line in lines:
        shown.add_row(*map(escape, line))
    out.print(shown)
    for results in sets if failures else ():
        for failure in reports.failures(results):
            out.print(escape(failure))
    if report:
        report.write_text(reports.markdown(sets), encoding="utf-8")
        out.print(f"written: {escape(str(report))}")


def _evaluate_safety(engine: "Engine", files: list[Path], failures: bool) -> None:
    from evals import safety
    from safety.labelled import read_labelled

    for path in files or safety.SETS:
        verdicts = safety.judge(engine, read_labelled([path]))
        shown = Table(f"{path.stem}: {len(verdicts)} messages", "share  (95 % interval, count)")
        for line in safety.table(verdicts):
            shown.add_row(*line)
        out.print(shown)
        for label, outcomes in safety.confusion(verdicts):
            out.print(f"{label}: " + ", ".join(f"{outcome} {count}" for outcome, count in outcomes.most_common()))
        for failure in safety.failures(verdicts) if failures else ():
            out.print(escape(failure))


@app.command()
def chat(
    host: Annotated[str | None, typer.Option(help="Address to listen on instead of the settings'.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port instead of the settings'.")] = None,
) -> None:
    """Start the chat; builds the index first when it is missing or out of date."""
    from ingest.corpus import ingest_paths

    settings = load_settings()
    with _progress() as report:
        summary = ingest_paths(settings, [], _embedder(settings.embedder), report=report)
    if summary.written or summary.problems:
        _print_summary(summary)
    _serve(settings, host, port)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on instead of the settings'.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port instead of the settings'.")] = None,
    api_only: Annotated[bool, typer.Option("--api-only", help="The HTTP API without the pages.")] = False,
    pages: Annotated[str | None, typer.Option(help="public, desk or all instead of the settings'.")] = None,
) -> None:
    """Start pages and HTTP API on the index there is; for servers."""
    settings = load_settings()
    if pages:
        if pages not in ("public", "desk", "all"):
            raise typer.BadParameter("--pages: public, desk or all")
        settings = settings.model_copy(update={"pages": pages})
    _serve(settings, host, port, api_only=api_only)


def _serve(settings: Settings, host: str | None, port: int | None, *, api_only: bool = False) -> None:
    chosen = settings.model_copy(update={"host": host or settings.host, "port": port or settings.port})
    if api_only:
        _serve_api(chosen)
    else:
        from app import serve as serve_all

        serve_all(chosen)


def _serve_api(settings: Settings) -> None:
    """The API alone, with the records of the desk behind it."""
    from desk.database import Database
    from desk.record import Recorder
    from service.serve import serve_api

    database = Database.of(settings)
    try:
        serve_api(settings, partial(Recorder.of, settings, database))
    finally:
        database.close()


def _settings(collection: str | None, data_dir: Path | None) -> Settings:
    given = {"collection": collection, "data_dir": data_dir and data_dir.absolute()}
    wanted = {name: value for name, value in given.items() if value is not None}
    try:
        return Settings.model_validate(load_settings().model_dump() | wanted)
    except ValidationError as error:
        first = error.errors()[0]
        raise typer.BadParameter(f"--{str(first['loc'][0]).replace('_', '-')}: {first['msg']}") from error


@lru_cache(maxsize=1)
def _loaded_embedder(name: str) -> "Embedder":
    from ingest.embed import Embedder

    return Embedder(name)


def _embedder(name: str) -> Any:
    return lambda: _loaded_embedder(name)


def _engine(settings: Settings) -> "Engine":
    from answer.engine import Engine

    return Engine.open(settings)


def _write_receipt(answer: "Answer", engine: "Engine", path: Path) -> None:
    from answer.receipt import load_key, make_receipt

    key = load_key(engine.settings.data_dir, create=True)
    receipt = make_receipt(answer, engine, key)
    with _writing(path) as file:
        file.write(receipt.model_dump_json(indent=1) + "\n")


@contextmanager
def _progress() -> Iterator["Report"]:
    columns = (TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        tasks = {stage: bar.add_task(label, total=None, visible=False) for stage, label in STAGES.items()}

        def report(stage: str, done: int, total: int) -> None:
            if stage in tasks:
                bar.update(tasks[stage], completed=done, total=total, visible=True)

        yield report


def _print_summary(summary: "Summary") -> None:
    for problem in summary.problems:
        err.print(escape(str(problem)), style="yellow", soft_wrap=True)
    for path, reason in summary.skipped.items():
        err.print(f"skipped {escape(str(path))}: {reason}", style="dim", soft_wrap=True)
    out.print(
        f"{summary.sources} sources, {summary.passages} passages: {summary.new} new, {summary.changed} changed, "
        f"{summary.removed} removed sources; {len(summary.problems)} problems, {len(summary.skipped)} skipped"
        + (f"; {len(summary.suspicious)} suspicious passages" if summary.suspicious else "")
    )
    total = sum(summary.seconds.values())
    if total:
        shares = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in summary.seconds.items())
        out.print(f"{total:.1f} seconds ({shares})")


def _print_summary_json(summary: "Summary") -> None:
    counts = ("sources", "passages", "new", "changed", "removed", "faq_entries")
    problems = [
        {"file": str(p.path), "line": p.line, "field": p.field, "message": p.message, "suspicious": p.suspicious}
        for p in summary.problems
    ]
    skipped = [{"file": str(path), "reason": reason} for path, reason in summary.skipped.items()]
    told = {name: getattr(summary, name) for name in counts} | {"problems": problems, "skipped": skipped}
    sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")


def _print_answer(answer: "Answer") -> None:
    if answer.help and answer.help.reason in ("crisis", "emergency"):
        _print_help(answer)
    if answer.message:
        out.print(escape(answer.message.text))
    if answer.sentences:
        out.print(" ".join(f"{escape(s.text)} [cyan]{_marks(s.citations)}[/]" for s in answer.sentences))
    for notice in answer.notices:
        out.print(f"\n[italic]{escape(notice.text)}[/]")
    if answer.help and answer.help.reason not in ("crisis", "emergency"):
        out.print()
        _print_help(answer)
    if answer.citations:
        out.print()
    for c in answer.citations:
        facts = " · ".join(filter(None, (str(c.year or ""), c.kind, f"evidence: {c.evidence}", ", ".join(c.country))))
        out.print(f"[cyan]{_marks([c.number])}[/] [bold]{escape(c.title)}[/]\n    [dim]{escape(facts)}[/]")
        out.print(f"    “{escape(c.quote)}”")
        if c.url:
            out.print(f"    {escape(c.url)}", style="dim", soft_wrap=True)


def _marks(numbers: Sequence[int]) -> str:
    return escape("".join(f"[{number}]" for number in numbers))


def _print_help(answer: "Answer") -> None:
    assert answer.help is not None
    for line in answer.help.lines:
        parts = filter(None, (line.number, line.text, line.hours, line.url))
        out.print(f"[bold]{escape(line.name)}[/]: {escape(' · '.join(parts))}")
    out.print(f"[bold]Emergency[/]: {escape(answer.help.emergency)}\n")


def _print_finding(finding: "Finding") -> None:
    color = AUDIT_COLORS.get(finding.label, "dim")
    label = finding.label.replace("_", " ")
    reason = f" [dim]({escape(finding.reason)})[/]" if finding.reason else ""
    out.print(f"[{color}]{label}[/]  {escape(finding.text)}{reason}", soft_wrap=True)
    for near in finding.closest if finding.label in AUDIT_COLORS else ():
        out.print(f"    [dim]{escape(near.source_id)} {near.cosine:.2f}[/]  “{escape(near.quote)}”", soft_wrap=True)
    if finding.suggestion:
        suggested = finding.suggestion
        line = f"    [bold]instead[/]  {escape(suggested.text)} [dim]{escape(suggested.source_id)}[/]"
        out.print(line, soft_wrap=True)


def _search_batch(settings: Settings, batch: Path, output: Path, k: int) -> None:
    engine = _engine(settings)
    rows = _read_batch(batch)
    with _writing(output) as file:
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            for row, hits in zip(part, engine.search_many([row["text"] for row in part], ALL), strict=True):
                best: dict[str, float] = {}
                for hit in hits:
                    best.setdefault(hit.source.id, round(hit.score, 6))
                ids = list(best)[:k]
                line = {"query_id": row["id"], "doc_ids": ids, "scores": [best[name] for name in ids]}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _ask_batch(settings: Settings, batch: Path, output: Path) -> None:
    from answer.schema import Question

    rows = _read_batch(batch)
    engine = _engine(settings)
    with _writing(output) as file:
        for row in rows:
            answer = engine.ask(Question.model_validate(row))
            file.write(answer.model_dump_json() + "\n")


def _read_batch(path: Path) -> Sequence[dict[str, Any]]:
    from answer.schema import Question
    from evals.rows import BadRowsError, read_rows

    rows = read_rows(path)
    for number, row in enumerate(rows, start=1):
        row["id"] = str(number if row.get("id") is None else row["id"])
        try:
            Question.model_validate(row)
        except ValidationError as error:
            first = error.errors()[0]
            raise BadRowsError(f"{path}: row {number}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    return rows


@contextmanager
def _writing(path: Path) -> Iterator[TextIO]:
    """A file that appears under its name only when it is complete."""
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("w", encoding="utf-8") as file:
        yield file
    temporary.replace(path)


def _required(output: Path | None) -> Path:
    if output is None:
        raise typer.BadParameter("--batch needs --output: the file to write the results to.")
    return output


def _given(text: str | None) -> str:
    if text is None:
        raise typer.BadParameter("Give a question, or a file of them with --batch.")
    return text


def _nonempty(text: str | None) -> str:
    if not _given(text).strip():
        raise typer.BadParameter("The question is empty.")
    return _given(text)


if __name__ == "__main__":
    main()
