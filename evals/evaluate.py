"""Ask a whole question set and measure the answers, beside two silly baselines.

A row of a set holds ``question``, ``expect_sources`` (any one will do) and ``expect_facts`` (regular expressions).
A fact that the question itself contains isn't counted. For a crisis question the help lines count as citations.
"""

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist, mean, median
from typing import Any

from answer.engine import Engine
from answer.retrieve import by_source
from answer.schema import Answer, Question

FIRST = 5
LOOKED_AT = 60
RANDOM_CLAIMS = 4


@dataclass(frozen=True, slots=True)
class Result:
    """One question's outcome: is an expected source found among the first five, cited, and which facts are told."""

    row: dict[str, Any]
    answer: Answer
    first: bool
    found: bool
    cited: bool
    facts: list[bool]
    grounded: bool


@dataclass(frozen=True, slots=True)
class Report:
    """All results of a set, and the share of facts that the baselines hold."""

    results: list[Result]
    echo_facts: float
    random_facts: float

    def table(self) -> str:
        """The figures as text, shares with their 95 % interval (Wilson)."""
        results = self.results
        answered = [result for result in results if result.answer.sentences]
        words = [len(" ".join(s.text for s in result.answer.sentences).split()) for result in answered]
        facts = [told for result in results for told in result.facts]
        times = sorted(result.answer.timings_ms["total"] for result in results)
        lines = [
            f"questions                              {len(results)}",
            f"expected source is the first           {_share([r.first for r in results])}",
            f"expected source among the first {FIRST}      {_share([r.found for r in results])}",
            f"expected source cited in the answer    {_share([r.cited for r in results])}",
            f"expected facts in the answer           {_share(facts)}",
            f"  … if the answer echoed the question  {self.echo_facts:6.1%}",
            f"  … if it were {RANDOM_CLAIMS} random claims          {self.random_facts:6.1%}",
            f"every sentence cited, quotes verbatim  {_share([r.grounded for r in answered])}",
            f"answered / other outcomes              {len(answered)} / {len(results) - len(answered)}",
            f"words in an answer, median and longest {median(words):.0f} / {max(words)}" if words else "",
            f"milliseconds, median and 95th of 100   {median(times):.0f} / {times[int(len(times) * 0.95)]:.0f}",
        ]
        return "\n".join(filter(None, lines))

    def failures(self) -> Iterable[str]:
        """A line for each question whose source wasn't cited or whose facts weren't told."""
        for result in self.results:
            lacks = [fact for fact, told in zip(_countable(result.row), result.facts, strict=True) if not told]
            if lacks or not result.cited:
                cited = ", ".join(dict.fromkeys(c.source_id for c in result.answer.citations)) or result.answer.outcome
                where = "cited" if result.cited else "found, not cited" if result.found else "not found"
                yield f"{result.row['id']}  {result.row['question']}\n    {where}; lacks {lacks}; cites {cited}"


def evaluate(engine: Engine, rows: Sequence[dict[str, Any]], tell: Callable[[int], None] = lambda done: None) -> Report:
    """Search and ask every question of a set; ``tell`` hears how many are done."""
    results = []
    for number, row in enumerate(rows, start=1):
        results.append(_judge(engine, row))
        tell(number)
    claims = [claim.text for view in engine.sources() for claim in view.claims]
    draw = random.Random(0)
    echo = [_told(fact, row["question"]) for row in rows for fact in _countable(row)]
    drawn = [_told(fact, " ".join(draw.sample(claims, RANDOM_CLAIMS))) for row in rows for fact in _countable(row)]
    return Report(results, mean(echo or [0.0]), mean(drawn or [0.0]))


def _judge(engine: Engine, row: dict[str, Any]) -> Result:
    expected = {view.meta.id if (view := engine.source(name)) else name for name in row["expect_sources"]}
    found = [hit.source.id for hit in by_source(engine.search(row["question"], LOOKED_AT))][:FIRST]
    answer = engine.ask(Question(text=row["question"], history=row.get("history", [])))
    cited = {citation.source_id for citation in answer.citations}
    if answer.help and answer.outcome == "crisis":
        cited |= {line.source_id for line in answer.help.lines}
    facts = [_told(fact, answer.text) for fact in _countable(row)]
    return Result(
        row=row,
        answer=answer,
        first=found[0] in expected if found else False,
        found=bool(expected & set(found)),
        cited=bool(expected & cited),
        facts=facts,
        grounded=_is_grounded(engine, answer),
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


def _countable(row: dict[str, Any]) -> list[str]:
    return [fact for fact in row.get("expect_facts", []) if not _told(fact, row["question"])]


def _told(fact: str, text: str) -> bool:
    return re.search(fact, text, re.IGNORECASE) is not None


def _share(hits: Sequence[bool]) -> str:
    """'93.4%  (88.3–96.4, 141 of 151)': a share with its Wilson interval."""
    count, total = sum(hits), len(hits)
    if not total:
        return "–"
    z = NormalDist().inv_cdf(0.975)
    share = count / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * (share * (1 - share) / total + z * z / (4 * total * total)) ** 0.5 / (1 + z * z / total)
    return f"{share:6.1%}  ({centre - half:.1%}–{centre + half:.1%}, {count} of {total})"
