"""Ask whole question sets and measure the answers, beside two silly baselines.

A row of a set holds ``question``, ``expect_sources`` (any one will do) and ``expect_facts`` (regular expressions), or
``answerable: false``. A fact that the question itself contains isn't counted. For a crisis question the help lines
count as citations.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from answer.engine import Engine
from answer.readability import grade
from answer.retrieve import by_source
from answer.schema import Answer, Detail, Question

LOOKED_AT = 60
RANDOM_CLAIMS = 4
DECLINED = frozenset(("no_evidence", "off_topic"))


@dataclass(frozen=True, slots=True)
class Result:
    """One question's outcome.

    ``rank`` is the place of the first expected source among the sources found (1 is best, None: not found);
    ``facts`` says of each expected fact whether it is told; ``grade`` is the reading grade of the sentences.
    """

    row: dict[str, Any]
    answer: Answer
    answerable: bool
    rank: int | None
    cited: bool
    facts: list[bool]
    grounded: bool
    grade: float

    @property
    def declined(self) -> bool:
        """True when the answer says that the sources don't cover it."""
        return self.answer.outcome in DECLINED

    def within(self, first: int) -> bool:
        """True when an expected source is among the first so many."""
        return self.rank is not None and self.rank <= first


@dataclass(frozen=True, slots=True)
class Results:
    """All results of a set, and the share of facts that the baselines hold."""

    name: str
    results: list[Result]
    echo_facts: float
    random_facts: float


def evaluate(
    engine: Engine,
    rows: Sequence[dict[str, Any]],
    name: str = "",
    detail: Detail = "standard",
    tell: Callable[[int], None] = lambda done: None,
) -> Results:
    """Search and ask every question of a set; ``tell`` hears how many are done."""
    results = []
    for number, row in enumerate(rows, start=1):
        results.append(_judge(engine, row, detail))
        tell(number)
    claims = [claim.text for view in engine.sources() for claim in view.claims]
    draw = random.Random(0)
    echo = [is_told(fact, row["question"]) for row in rows for fact in countable(row)]
    drawn = [is_told(fact, " ".join(draw.sample(claims, RANDOM_CLAIMS))) for row in rows for fact in countable(row)]
    return Results(name, results, mean(echo or [0.0]), mean(drawn or [0.0]))


def countable(row: dict[str, Any]) -> list[str]:
    """Expected facts that the question doesn't hold already."""
    return [fact for fact in row.get("expect_facts", []) if not is_told(fact, row["question"])]


def _judge(engine: Engine, row: dict[str, Any], detail: Detail) -> Result:
    expected = expected_ids(engine, row.get("expect_sources", []))
    found = [hit.source.id for hit in by_source(engine.search(row["question"], LOOKED_AT))]
    answer = engine.ask(Question(text=row["question"], history=row.get("history", []), detail=detail))
    cited = {citation.source_id for citation in answer.citations}
    if answer.help and answer.outcome == "crisis":
        cited |= {line.source_id for line in answer.help.lines}
    return Result(
        row=row,
        answer=answer,
        answerable=row.get("answerable", True),
        rank=next((place for place, name in enumerate(found, start=1) if name in expected), None),
        cited=bool(expected & cited),
        facts=[is_told(fact, answer.text) for fact in countable(row)],
        grounded=_is_grounded(engine, answer),
        grade=grade(" ".join(sentence.text for sentence in answer.sentences), engine.vocabulary),
    )


def _is_grounded(engine: Engine, answer: Answer) -> bool:
    """Every sentence cites, and every quote stands word for word in a passage of the source it names."""
    numbers = {citation.number for citation in answer.citations}
    if not all(sentence.citations and set(sentence.citations) <= numbers for sentence in answer.sentences):
        return False
    views = {citation.source_id: engine.source(citation.source_id) for citation in answer.citations}
    return all(
        (view := views[c.source_id]) is not None and any(c.quote in claim.text for claim in view.claims)
        for c in answer.citations
    )


def expected_ids(engine: Engine, names: Sequence[str]) -> set[str]:
    """The ids that sources go by today; an unknown name stays as it is."""
    return {view.meta.id if (view := engine.source(name)) else name for name in names}


def is_told(fact: str, text: str) -> bool:
    """True when a text holds an expected fact (a regular expression)."""
    return re.search(fact, text, re.IGNORECASE) is not None
