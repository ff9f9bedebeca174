"""Measure the understanding of follow-ups: run scripted conversations through the real engine.

    python -m evals.measure_conversation [--split dev|test] [--show]

A script (``evals/conversations/scripts.jsonl``) is a list of turns; a turn with an ``expect`` says which outcome,
sources and facts a good answer has, and in ``means`` what the turn asks in full words. Every such turn is asked three
ways: as a turn of its conversation, as typed (the baseline, blind to history), and in the script's own full words (the
ceiling: what is missed there is not the understanding's fault).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from answer.converse import Converser, Understood
from answer.engine import Engine
from answer.schema import Question
from evals.evaluate import expected_ids, is_told
from evals.rows import read_rows
from ingest.terms import Terms
from settings import load_settings

SCRIPTS = Path(__file__).with_name("conversations") / "scripts.jsonl"
# "thanks. …", "different topic: …": a few words and a mark before the question proper.
PREAMBLE = re.compile(r"[^.,:;!?]{2,25}[.,:;!] \S")


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn to judge. ``changes``: it is a whole question already, or announced as another subject."""

    id: str
    split: str
    text: str
    history: tuple[str, ...]
    expect: dict[str, Any]
    changes: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """What held of one answer; ``told`` is true when every expected fact is in it."""

    outcome: bool
    cited: bool
    told: bool
    note: str

    @property
    def right(self) -> bool:
        """All of it."""
        return self.outcome and self.cited and self.told


def main(
    split: Annotated[str, typer.Option(help="dev (the rules were built with it), test (kept back), or both.")] = "both",
    show: Annotated[bool, typer.Option("--show", help="Print what went wrong.")] = False,
    scripts: Annotated[Path, typer.Option(help="Another file of scripts.")] = SCRIPTS,
) -> None:
    """Print the shares of turns that were understood, per split."""
    settings, console = load_settings(), Console(highlight=False, soft_wrap=True)
    engine = Engine.open(settings)
    converser = Converser(Terms(engine.vocabulary))
    turns = list(_turns(read_rows(scripts)))
    table = Table("", "turns", "all right", "outcome", "source cited", "facts", "topic changes kept apart")
    for name in ("dev", "test") if split == "both" else (split,):
        chosen = [turn for turn in turns if turn.split == name]
        understood = [converser.understand(turn.text, turn.history) for turn in chosen]
        ways = {
            "understood": [Question(text=turn.text, history=list(turn.history)) for turn in chosen],
            "as typed": [Question(text=turn.text) for turn in chosen],
            "full words": [Question(text=turn.expect["means"]) for turn in chosen],
        }
        judged = {
            way: [_judge(engine, turn, asked) for turn, asked in zip(chosen, questions, strict=True)]
            for way, questions in ways.items()
        }
        apart = [result.text == turn.text for turn, result in zip(chosen, understood, strict=True) if turn.changes]
        for way, results in judged.items():
            table.add_row(f"{name}, {way}", *_figures(results), _share(apart) if way == "understood" else "–")
        if show:
            _print_misses(console, chosen, understood, judged)
    console.print(table)
    engine.close()


def _turns(rows: Sequence[dict[str, Any]]) -> Iterator[Turn]:
    """The turns with something to expect."""
    for row in rows:
        texts = [turn["text"] for turn in row["turns"]]
        for place, turn in enumerate(row["turns"]):
            if turn["expect"]:
                changes = turn["expect"]["means"] == turn["text"] or bool(PREAMBLE.match(turn["text"]))
                yield Turn(row["id"], row["split"], turn["text"], tuple(texts[:place]), turn["expect"], changes)


def _judge(engine: Engine, turn: Turn, asked: Question) -> Judged:
    answer = engine.ask(asked)
    expected = expected_ids(engine, turn.expect["sources"])
    cited = {citation.source_id for citation in answer.citations}
    if answer.help:
        cited |= {line.source_id for line in answer.help.lines}
    lacks = [fact for fact in turn.expect["facts"] if not is_told(fact, answer.text)]
    note = f"{answer.outcome}; cites {', '.join(sorted(cited))}; lacks {lacks}"
    return Judged(answer.outcome == turn.expect["outcome"], not expected or bool(expected & cited), not lacks, note)


def _figures(results: Sequence[Judged]) -> tuple[str, ...]:
    shares = [[r.right for r in results], [r.outcome for r in results], [r.cited for r in results]]
    return (str(len(results)), *map(_share, shares), _share([r.told for r in results]))


def _share(hits: Sequence[bool]) -> str:
    return f"{sum(hits)}/{len(hits)} {sum(hits) / len(hits):.0%}" if hits else "–"


def _print_misses(
    console: Console, turns: Sequence[Turn], understood: Sequence[Understood], judged: dict[str, list[Judged]]
) -> None:
    for place, (turn, result) in enumerate(zip(turns, understood, strict=True)):
        if turn.changes and result.text != turn.text:
            console.print(f"[yellow]{turn.id} inherited[/] {turn.text} → {result.text}", markup=True)
        if not judged["understood"][place].right:
            ceiling = "" if judged["full words"][place].right else " (its full words fail too)"
            console.print(f"[red]{turn.id} {result.kind}[/]{ceiling} {turn.text} → {result.text}")
            console.print(f"   {turn.expect['means']}\n   {judged['understood'][place].note}", markup=False)


if __name__ == "__main__":
    typer.run(main)
