"""Measure the checks: how many true paraphrases pass, and how many of their false twins are caught.

    python -m evals.measure_checks [--half a|b] [--show]

``evals/checks/paraphrases-a.jsonl`` was used to build the rules, ``…-b.jsonl`` only to measure them.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from answer.verify import Quote, Verifier
from evals.mutate import mutants
from ingest.embed import Embedder
from ingest.load import load
from ingest.vocabulary import Vocabulary
from settings import load_settings

CHECKS = Path(__file__).with_name("checks")


def main(
    half: Annotated[str, typer.Option(help="a (the rules were built with it), b (kept back), or both.")] = "both",
    show: Annotated[bool, typer.Option("--show", help="Print what failed.")] = False,
) -> None:
    """Print pass and catch rates."""
    settings, console = load_settings(), Console(highlight=False)
    sources = load([settings.corpus_dir / "literature", settings.corpus_dir / "article.md"]).sources
    headings = {source.meta.id: source.heading for source in sources}
    verifier = Verifier(Vocabulary.load(settings.corpus_dir / "vocabulary.toml"), Embedder(settings.embedder).embed)
    table = Table(
        "",
        "true passed",
        "false caught",
        *(kind for kind in ("number", "drop not", "add not", "drug", "arms", "certainty")),
    )
    for name in ["a", "b"] if half == "both" else [half]:
        rows = [
            json.loads(line) for line in (CHECKS / f"paraphrases-{name}.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        passed, caught = 0, defaultdict[str, list[bool]](list)
        for row in rows:
            quotes = [Quote(claim["text"], headings.get(claim["source_id"], "")) for claim in row["claims"]]
            failed = [check for check in verifier.check(row["text"], quotes) if not check.passed]
            passed += not failed
            if show and failed:
                console.print(
                    f"[red]{row['id']}[/] {failed[0].name}: {failed[0].reason}\n   {row['text']}\n   {' | '.join(q.text for q in quotes)}"
                )
            for kind, mutant in mutants(row["text"]):
                missed = verifier.passes(mutant, quotes)
                caught[kind].append(not missed)
                if show and missed:
                    console.print(
                        f"[yellow]{row['id']} missed {kind}[/]: {mutant}\n   {' | '.join(q.text for q in quotes)}"
                    )
        everything = [hit for hits in caught.values() for hit in hits]
        table.add_row(
            f"paraphrases {name}",
            f"{passed}/{len(rows)} {passed / len(rows):.1%}",
            f"{sum(everything)}/{len(everything)} {sum(everything) / len(everything):.1%}",
            *(
                f"{sum(caught[kind])}/{len(caught[kind])}"
                for kind in ("number", "drop not", "add not", "drug", "arms", "certainty")
            ),
        )
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
