"""The questions that claims answer: retrieval keys beside the cards, never shown and never cited.

``corpus/questions/<source id>.jsonl`` holds one object a line: ``{"claim": full text, "questions": [...]}``.
The claim's whole text is the key, so that an edited claim is noticed: its questions then follow the claim
that is closest in wording, and a problem tells the curator to confirm the move.
"""

import difflib
import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingest.schema import Problem

CLOSE_ENOUGH = 0.6


class QuestionRow(BaseModel):
    """One line of a questions file."""

    model_config = ConfigDict(extra="forbid")

    claim: str = Field(min_length=1)
    questions: list[str] = Field(min_length=1)


def load_questions(path: Path, claims: Sequence[str]) -> tuple[dict[str, list[str]], list[Problem]]:
    """Questions per claim of one source, and what a curator has to mend in the file."""
    found: dict[str, list[str]] = {}
    problems: list[Problem] = []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        return found, [Problem(path, f"can't be read as UTF-8 text: {error}")]
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = QuestionRow.model_validate(json.loads(line))
        except (json.JSONDecodeError, ValidationError) as error:
            message = error.errors()[0]["msg"] if isinstance(error, ValidationError) else f"not JSON: {error.msg}"
            problems.append(Problem(path, message, line=number))
            continue
        claim = row.claim if row.claim in claims else _closest(row.claim, claims)
        if claim != row.claim:
            problems.append(_moved(path, number, row, claim))
        if claim is not None:
            found.setdefault(claim, []).extend(q for q in row.questions if q not in found.get(claim, []))
    return found, problems


def _closest(claim: str, claims: Sequence[str]) -> str | None:
    matches = difflib.get_close_matches(claim, claims, n=1, cutoff=CLOSE_ENOUGH)
    return matches[0] if matches else None


def _moved(path: Path, line: int, row: QuestionRow, claim: str | None) -> Problem:
    if claim is None:
        message = f"its card has no claim like “{row.claim[:60]}…”; its {len(row.questions)} questions are unused"
    else:
        message = f"the claim was edited; its questions now follow “{claim[:60]}…”: confirm by updating the line"
    return Problem(path, message, line=line, field="claim", fatal=claim is None)
