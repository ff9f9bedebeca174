"""Ask the same questions of two versions, and tell in what their answers differ."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import BaseModel

from answer.engine import Engine
from answer.schema import Answer, Question

Kind = Literal["outcome", "source_lost", "confidence", "text", "source_new"]
Tell = Callable[[int, int], None]


class Reply(BaseModel):
    """What a reader would see, as far as it is compared."""

    outcome: str
    confidence: str
    text: str
    sources: list[str]


class Change(BaseModel):
    """A question whose answers differ, and in what; the gravest difference first."""

    question: str
    before: Reply
    after: Reply
    kinds: list[Kind]


def replay(engine: Engine, questions: Sequence[str], tell: Tell = lambda done, total: None) -> list[Reply]:
    """The replies to all questions, in their order; ``tell`` hears how many are done."""
    replies = []
    for number, question in enumerate(questions, start=1):
        replies.append(_reply(engine.ask(Question(text=question))))
        tell(number, len(questions))
    return replies


def changes(questions: Sequence[str], before: Sequence[Reply], after: Sequence[Reply]) -> list[Change]:
    """The questions whose replies differ."""
    compared = zip(questions, before, after, strict=True)
    return [Change(question=text, before=a, after=b, kinds=kinds) for text, a, b in compared if (kinds := _kinds(a, b))]


def diff(change: Change) -> list[tuple[Literal["same", "lost", "new"], str]]:
    """The words of both texts in order, as runs that are in both, only in the first, or only in the second."""
    old, new = change.before.text.split(), change.after.text.split()
    runs: list[tuple[Literal["same", "lost", "new"], str]] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            runs.append(("same", " ".join(old[a:b])))
            continue
        if a < b:
            runs.append(("lost", " ".join(old[a:b])))
        if c < d:
            runs.append(("new", " ".join(new[c:d])))
    return runs


def _reply(answer: Answer) -> Reply:
    sources = list(dict.fromkeys(citation.source_id for citation in answer.citations))
    return Reply(outcome=answer.outcome, confidence=answer.confidence or "", text=answer.text, sources=sources)


def _kinds(before: Reply, after: Reply) -> list[Kind]:
    differs: dict[Kind, bool] = {
        "outcome": before.outcome != after.outcome,
        "source_lost": bool(set(before.sources) - set(after.sources)),
        "confidence": before.confidence != after.confidence,
        "text": before.text != after.text,
        "source_new": bool(set(after.sources) - set(before.sources)),
    }
    return [kind for kind, is_so in differs.items() if is_so]
