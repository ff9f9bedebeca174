"""What belongs to a claim beside its card: the questions it answers, and its plain form.

``corpus/questions/<name of the card's file>.jsonl`` holds one object a line: ``{"claim": full text, "questions": [...],
"plain": "…"}``. Questions are retrieval keys, never shown and never cited; the plain form is our shorter sentence,
shown to readers who want it plain, with the claim as its quote. The claim's whole text is the key, so that an edited
claim is noticed: its questions then follow the claim that is closest in wording, and a problem tells the curator to
confirm the move. Its plain form doesn't follow: it might no longer be true.
"""

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingest.schema import Problem
from ingest.suspect import refused

CLOSE_ENOUGH = 0.6


class QuestionRow(BaseModel):
    """One line of a questions file."""

    model_config = ConfigDict(extra="forbid")

    claim: str = Field(min_length=1)
    questions: list[str] = Field(min_length=1)
    plain: str = Field("", max_length=400)


@dataclass(slots=True)
class Beside:
    """What a questions file holds: questions and plain forms by claim, and what a curator has to mend."""

    questions: dict[str, list[str]] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def load_questions(path: Path, claims: Sequence[str]) -> Beside:
    """Questions and plain forms of one source's claims."""
    result = Beside()
    found, problems = result.questions, result.problems
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(path, f"can't be read as UTF-8 text: {error}"))
        return result
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = QuestionRow.model_validate(json.loads(line))
        except (json.JSONDecodeError, ValidationError) as error:
            message = error.errors()[0]["msg"] if isinstance(error, ValidationError) else f"not JSON: {error.msg}"
            problems.append(Problem(path, message, line=number))
            continue
        told = "\n\n".join([*row.questions, row.plain])
        if suspicious := refused(path, told):
            problems.append(replace(suspicious, line=number))
            continue
        claim = row.claim if row.claim in claims else _closest(row.claim, claims)
        if claim != row.claim:
            problems.append(_moved(path, number, row, claim))
        if claim is not None:
            found.setdefault(claim, []).extend(q for q in row.questions if q not in found.get(claim, []))
        if claim == row.claim and row.plain:
            result.plain[claim] = row.plain
    return result


def _closest(claim: str, claims: Sequence[str]) -> str | None:
    matches = difflib.get_close_matches(claim, claims, n=1, cutoff=CLOSE_ENOUGH)
    return matches[0] if matches else None


def _moved(path: Path, line: int, row: QuestionRow, claim: str | None) -> Problem:
    if claim is None:
        message = f"its card has no claim like “{row.claim[:60]}…”; its {len(row.questions)} questions are unused"
    else:
        message = f"the claim was edited; its questions now follow “{claim[:60]}…”: confirm by updating the line"
    return Problem(path, message, line=line, field="claim", fatal=claim is None)
