"""Measure the checks: how many true paraphrases pass, and how many of their false twins are caught.

    python -m evals.measure_checks [--half a|b|c|d] [--show]

``evals/checks/paraphrases-a.jsonl`` and ``…-c.jsonl`` were used to build the rules, ``…-b.jsonl`` and ``…-d.jsonl``
only to measure them. Twins are made by ``evals/mutate.py``; c and d have one more each, written by hand ("written").
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from answer.verify import Check, Quote, Verifier
from evals.mutate import mutants
from evals.rows import read_rows
from ingest.embed import Embedder
from ingest.load import load
from ingest.schema import Source
from ingest.vocabulary import Vocabulary
from settings import Settings, load_settings

CHECKS = Path(__file__).with_name("checks")
KINDS = ("number", "drop not", "add not", "drug", "arms", "certainty", "written")
HALVES = ("a", "b", "c", "d")
Show = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Paraphrase:
    """A true sentence in other words, the claims that it rests on, and a false twin if somebody wrote one."""

    id: str
    text: str
    quotes: tuple[Quote, ...]
    twin: str = ""


@dataclass(slots=True)
class Measured:
    """What became of true sentences, and of their false twins by kind."""

    passed: list[bool] = field(default_factory=list)
    caught: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))

    @property
    def pass_rate(self) -> float:
        """Share of the true sentences that pass."""
        return sum(self.passed) / len(self.passed)

    @property
    def catch_rate(self) -> float:
        """Share of the false sentences that fail."""
        hits = [hit for kind in self.caught.values() for hit in kind]
        return sum(hits) / len(hits)


def paraphrases(half: str, sources: dict[str, Source]) -> Iterator[Paraphrase]:
    """The sentences of one half; a claim of a source that isn't in the corpus is quoted without title and country."""
    for row in read_rows(CHECKS / f"paraphrases-{half}.jsonl"):
        quotes = tuple(_quote(claim, sources) for claim in row["claims"])
        yield Paraphrase(row["id"], row["text"], quotes, row.get("twin", {}).get("text", ""))


def corpus_sources(settings: Settings) -> dict[str, Source]:
    """The corpus's sources by id."""
    loaded = load([settings.corpus_dir / "literature", settings.corpus_dir / "article.md"]).sources
    return {source.meta.id: source for source in loaded}


def measure(rows: list[Paraphrase], verifier: Verifier, show: Show | None = None) -> Measured:
    """Check true sentences and their false twins; ``show`` is told of each one that is judged wrongly."""
    measured = Measured()
    for row in rows:
        failed = [check for check in verifier.check(row.text, row.quotes) if not check.passed]
        measured.passed.append(not failed)
        if failed and show:
            show(_failure(row, failed[0]))
        written = [("written", row.twin)] if row.twin else []
        for kind, mutant in (*mutants(row.text), *written):
            missed = verifier.passes(mutant, row.quotes)
            measured.caught[kind].append(not missed)
            if missed and show:
                show(f"[yellow]{row.id} missed {kind}[/]: {mutant}\n   {_texts(row)}")
    return measured


def main(
    half: Annotated[
        str, typer.Option(help="a or c (the rules were built with them), b or d (kept back), or all.")
    ] = "all",
    show: Annotated[bool, typer.Option("--show", help="Print what failed.")] = False,
) -> None:
    """Print pass and catch rates."""
    settings, console = load_settings(), Console(highlight=False)
    sources = corpus_sources(settings)
    verifier = Verifier(Vocabulary.load(settings.corpus_dir / "vocabulary.toml"), Embedder(settings.embedder).embed)
    table = Table("", "true passed", "false caught", *KINDS)
    for name in HALVES if half == "all" else [half]:
        rows = list(paraphrases(name, sources))
        table.add_row(f"paraphrases {name}", *_cells(measure(rows, verifier, console.print if show else None)))
    console.print(table)


def _quote(claim: dict[str, Any], sources: dict[str, Source]) -> Quote:
    source = sources.get(claim["source_id"])
    return Quote(claim["text"], source.heading, tuple(source.meta.country)) if source else Quote(claim["text"])


def _cells(measured: Measured) -> Iterator[str]:
    hits = [hit for kind in measured.caught.values() for hit in kind]
    yield f"{sum(measured.passed)}/{len(measured.passed)} {measured.pass_rate:.1%}"
    yield f"{sum(hits)}/{len(hits)} {measured.catch_rate:.1%}"
    for kind in KINDS:
        yield f"{sum(measured.caught[kind])}/{len(measured.caught[kind])}"


def _failure(row: Paraphrase, check: Check) -> str:
    return f"[red]{row.id}[/] {check.name}: {check.reason}\n   {row.text}\n   {_texts(row)}"


def _texts(row: Paraphrase) -> str:
    return " | ".join(quote.text for quote in row.quotes)


if __name__ == "__main__":
    typer.run(main)
