"""Measure the drafts of replies: questions found, answered share, danger found, identifiers left, footnotes.

    python -m evals.measure_drafts [--set evals/questions/emails.jsonl] [--show]

A row has the mail, a list of patterns per question it asks (all must be found in one question), whether a clinician
must look at it, the danger it tells of, and words that identify somebody. A question found counts for one expected.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from answer.engine import Engine
from answer.words import Words
from desk.draft import Asking, Drafter, Item, Mail, answered
from desk.reply import Contact, Options, Writer, as_text, finish
from evals.report import share
from evals.rows import read_rows
from safety.outgoing import Outgoing
from safety.wording import Wording
from settings import load_settings

MAILS = Path(__file__).with_name("questions") / "emails.jsonl"
_MARK = re.compile(r"\[(\d{1,3})\]")


@dataclass(slots=True)
class Measured:
    """What was measured, one entry per thing counted; ``told`` lists mistakes."""

    found: list[bool] = field(default_factory=list)
    wanted: list[bool] = field(default_factory=list)
    answered: list[bool] = field(default_factory=list)
    answered_english: list[bool] = field(default_factory=list)
    danger: list[bool] = field(default_factory=list)
    calm: list[bool] = field(default_factory=list)
    begins_with_help: list[bool] = field(default_factory=list)
    clinician: list[bool] = field(default_factory=list)
    hidden: list[bool] = field(default_factory=list)
    restored: list[bool] = field(default_factory=list)
    resolves: list[bool] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def measure(rows: Sequence[dict[str, Any]], drafter: Drafter, writer: Writer, wording: Wording) -> Measured:
    """Draft a reply to every mail and compare."""
    measured = Measured()
    for row in rows:
        mail = drafter.read(row["text"])
        items = answered(drafter, mail.questions, writer.options.length, lambda done, total: None)
        help_ = drafter.help_for(mail)
        _questions(row, mail.questions, measured)
        _danger(row, mail, items, measured)
        measured.answered += [item.is_answered for item in items]
        measured.answered_english += [item.is_answered for item in items if row["language"] == "en"]
        measured.hidden += [_told(words not in mail.hidden.text, measured, f"{row['id']} left: {words}")
                            for words in row["identifiers"]]  # fmt: skip
        reply = writer.write(items, help_, mail.hidden.signed)
        measured.restored.append(mail.hidden.put_back(mail.hidden.text) == row["text"])
        finished = finish(reply.text, reply.notes)
        text = as_text(finished, wording, quotes=True)
        marks, notes = set(_MARK.findall(finished.text)), {str(note.number) for note in finished.notes}
        resolves = marks == notes and not finished.unknown and all(note.quote in text for note in finished.notes)
        measured.resolves.append(_told(resolves, measured, f"{row['id']} footnotes: {marks ^ notes}"))
        if row["danger"]:
            measured.begins_with_help.append(
                bool(help_) and reply.text.startswith(str(help_[0].message and help_[0].message.text))
            )
    return measured


def _questions(row: dict[str, Any], found: Sequence[Asking], measured: Measured) -> None:
    left = list(found)
    for patterns in row["questions"]:
        match = next((one for one in left if all(re.search(p, one.text, re.I) for p in patterns)), None)
        measured.found.append(_told(match is not None, measured, f"{row['id']} not found: {patterns}"))
        if match:
            left.remove(match)
    for one in found:
        measured.wanted.append(_told(one not in left, measured, f"{row['id']} no question: {one.text}"))


def _danger(row: dict[str, Any], mail: Mail, items: Sequence[Item], measured: Measured) -> None:
    outcomes = {danger.answer.outcome for danger in mail.dangers}
    if row["danger"]:
        measured.danger.append(_told(row["danger"] in outcomes, measured, f"{row['id']} danger missed: {outcomes}"))
    else:
        calm = not outcomes
        measured.calm.append(_told(calm, measured, f"{row['id']} false alarm: {[d.text for d in mail.dangers]}"))
    flagged = bool(outcomes or mail.low or any(item.reasons for item in items))
    if row["clinician"]:
        measured.clinician.append(_told(flagged, measured, f"{row['id']} needs a clinician, not flagged"))


def _told(holds: bool, measured: Measured, mistake: str) -> bool:
    if not holds:
        measured.told.append(mistake)
    return holds


def _table(measured: Measured) -> Table:
    shown = Table("what", "share")
    for name, values in (
        ("questions found (recall)", measured.found),
        ("what was found is a question (precision)", measured.wanted),
        ("questions answered with sources", measured.answered),
        ("  … in English", measured.answered_english),
        ("mails with a danger: found, of the right kind", measured.danger),
        ("  … and the reply begins with the help", measured.begins_with_help),
        ("mails without danger: no alarm", measured.calm),
        ("mails that need a clinician: flagged", measured.clinician),
        ("identifiers hidden", measured.hidden),
        ("put back, the mail is as it was", measured.restored),
        ("replies in which every footnote resolves", measured.resolves),
    ):
        shown.add_row(name, share(values))
    return shown


def main(
    mails: Annotated[Path, typer.Option("--set", help="The mails.")] = MAILS,
    show: Annotated[bool, typer.Option("--show", help="List what went wrong.")] = False,
) -> None:
    """Print the table."""
    out = Console(highlight=False)
    engine = Engine.open(load_settings())
    contact = Words(engine.settings, engine.verifier, Outgoing()).contact(engine.wording)
    writer = Writer(engine.wording, Contact(engine.settings.clinic_name, contact), Options())
    measured = measure(read_rows(mails), Drafter(engine), writer, engine.wording)
    out.print(_table(measured))
    for line in measured.told if show else ():
        out.print(escape(line), soft_wrap=True)
    engine.close()


if __name__ == "__main__":
    typer.run(main)
