"""Measure the redaction: identifiers found by kind and language, and ordinary messages changed by mistake.

    python -m evals.measure_privacy [--half a|b] [--show]

``evals/privacy/messages.jsonl`` holds messages with the places of their identifiers, ``ordinary.jsonl`` messages
without any. Half ``a`` was used to build the rules; half ``b`` was written before them and only measures.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evals.report import share
from evals.rows import read_rows
from safety.privacy import Identifier, redact

SETS = Path(__file__).with_name("privacy")


@dataclass(slots=True)
class Measured:
    """``kinds`` and ``languages``: whether each identifier was covered whole; ``missed`` and ``false`` list mistakes.

    ``clean``: whether each ordinary message stayed as it was. ``milliseconds``: per message.
    """

    kinds: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    languages: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    named_right: list[bool] = field(default_factory=list)
    clean: list[bool] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)

    @property
    def all(self) -> list[bool]:
        """Every identifier of every kind."""
        return [hit for hits in self.kinds.values() for hit in hits]


def measure(messages: Iterable[dict[str, Any]], ordinary: Iterable[dict[str, Any]]) -> Measured:
    """Redact every message and compare."""
    measured = Measured()
    for row in messages:
        _take(row, measured)
    for row in ordinary:
        found = redact(row["text"]).found
        measured.clean.append(not found)
        measured.false += _told(row["text"], found)
    return measured


def _take(row: dict[str, Any], measured: Measured) -> None:
    text = row["text"]
    start = time.perf_counter()
    found = redact(text).found
    measured.milliseconds.append((time.perf_counter() - start) * 1000)
    for span in row["spans"]:
        covered = _is_covered(text, span, found)
        measured.kinds[span["kind"]].append(covered)
        measured.languages[row["lang"]].append(covered)
        if covered:
            measured.named_right.append(any(i.kind == span["kind"] and _touches(i, span) for i in found))
        else:
            measured.missed.append(f"{row['id']} {span['kind']}: {text[span['start'] : span['end']]}  ←  {text}")
    beside = [i for i in found if not any(_touches(i, span) for span in row["spans"])]
    measured.false += _told(text, beside)


def _is_covered(text: str, span: dict[str, Any], found: Sequence[Identifier]) -> bool:
    """True when no letter or digit of an identifier is left."""
    places = (place for place in range(span["start"], span["end"]) if text[place].isalnum())
    return all(any(i.start <= place < i.end for i in found) for place in places)


def _touches(identifier: Identifier, span: dict[str, Any]) -> bool:
    return bool(identifier.start < span["end"] and span["start"] < identifier.end)


def _told(text: str, found: Iterable[Identifier]) -> Iterator[str]:
    return (f"{i.kind}: {text[i.start : i.end]}  ←  {text}" for i in found)


def _table(halves: dict[str, Measured]) -> Table:
    shown = Table("what", *(f"half {half}" for half in halves))
    for kind in dict.fromkeys(kind for measured in halves.values() for kind in measured.kinds):
        shown.add_row(kind, *(share(measured.kinds[kind]) for measured in halves.values()))
    shown.add_row("all identifiers", *(share(measured.all) for measured in halves.values()), end_section=True)
    for language in dict.fromkeys(code for measured in halves.values() for code in measured.languages):
        shown.add_row(f"in '{language}'", *(share(measured.languages[language]) for measured in halves.values()))
    shown.add_row("called by their right kind", *(share(measured.named_right) for measured in halves.values()))
    shown.add_row("ordinary messages unchanged", *(share(measured.clean) for measured in halves.values()))
    medians = (sorted(measured.milliseconds)[len(measured.milliseconds) // 2] for measured in halves.values())
    shown.add_row("median, ms", *(f"{median:.2f}" for median in medians))
    return shown


def main(
    half: Annotated[str, typer.Option(help="a, b or both.")] = "both",
    show: Annotated[
        bool, typer.Option("--show", help="List what was missed and what was redacted by mistake.")
    ] = False,
) -> None:
    """Print the table."""
    out = Console(highlight=False)
    sets = [read_rows(SETS / name) for name in ("messages.jsonl", "ordinary.jsonl")]
    redact("warm up")
    halves = {
        name: measure(*([row for row in rows if row["half"] == name] for rows in sets))
        for name in (("a", "b") if half == "both" else (half,))
    }
    out.print(_table(halves))
    for name, measured in halves.items() if show else ():
        for line in (*(f"missed {told}" for told in measured.missed), *(f"wrongly {told}" for told in measured.false)):
            out.print(escape(f"{name}: {line}"), soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)
