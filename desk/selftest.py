"""The self-test: the golden questions are asked, and what is wrong with an answer is told by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from answer.engine import Engine
from answer.schema import Answer, Question
from desk.golden import Golden

Wrong = Literal["outcome", "source", "facts", "uncited", "quote", "help"]


@dataclass(frozen=True, slots=True)
class Failed:
    """A question whose answer isn't as it should be, the outcome it got, and all that is wrong."""

    question: str
    outcome: str
    wrong: tuple[Wrong, ...]


def run(
    engine: Engine, rows: Sequence[Golden], tell: Callable[[int, int], None] = lambda done, total: None
) -> list[Failed]:
    """Ask all questions; the failures in their order. ``tell`` hears (done, total)."""
    failed = []
    for number, row in enumerate(rows, start=1):
        answer = engine.ask(Question(text=row.question))
        if wrong := _judge(engine, row, answer):
            failed.append(Failed(row.question, answer.outcome, tuple(wrong)))
        tell(number, len(rows))
    return failed


def _judge(engine: Engine, row: Golden, answer: Answer) -> list[Wrong]:
    if answer.outcome != row.expect_outcome:
        return ["outcome"]
    cited = {citation.source_id for citation in answer.citations}
    expected = {view.meta.id if (view := engine.source(id)) else id for id in row.expect_sources}
    facts = [fact for fact in row.expect_facts if not _tells(fact, row.question)]
    checks: dict[Wrong, bool] = {
        "source": bool(expected) and not expected & cited,
        "facts": not all(_tells(fact, answer.text) for fact in facts),
        "uncited": not _all_cited(answer),
        "quote": not all(_stands(engine, citation.source_id, citation.quote) for citation in answer.citations),
        "help": answer.outcome in ("crisis", "emergency") and not (answer.help and answer.help.lines),
    }
    return [name for name, is_so in checks.items() if is_so]


def _tells(fact: str, text: str) -> bool:
    return re.search(fact, text, re.IGNORECASE) is not None


def _all_cited(answer: Answer) -> bool:
    numbers = {citation.number for citation in answer.citations}
    return all(sentence.citations and set(sentence.citations) <= numbers for sentence in answer.sentences)


def _stands(engine: Engine, source_id: str, quote: str) -> bool:
    """Whether a quote stands word for word in its source."""
    view = engine.source(source_id)
    return view is not None and any(quote in claim.text for claim in view.claims)
