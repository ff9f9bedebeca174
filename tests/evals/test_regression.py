"""The assistant doesn't get worse unnoticed: the project's own question sets, with margins below today's figures."""

import pytest

from answer.engine import Engine
from evals.evaluate import Results, evaluate
from evals.report import by_composer, failures, markdown, table
from evals.rows import read_rows
from settings import ROOT

QUESTIONS = ROOT / "evals" / "questions"


@pytest.fixture(scope="module")
def own(engine: Engine) -> Results:
    """The questions written before anyone looked at failures, all answerable."""
    return evaluate(engine, read_rows(QUESTIONS / "own.jsonl"), "own")


@pytest.fixture(scope="module")
def coverage(engine: Engine) -> Results:
    """Questions labelled as answerable or not, near-topic ones above all."""
    return evaluate(engine, read_rows(QUESTIONS / "coverage.jsonl"), "coverage")


def share(hits: list[bool]) -> float:
    return sum(hits) / len(hits)


def test_an_expected_source_is_among_the_first_five(own: Results) -> None:
    assert share([result.within(5) for result in own.results]) >= 0.94


def test_an_expected_source_is_cited(own: Results) -> None:
    assert share([result.cited for result in own.results]) >= 0.9


def test_the_expected_facts_are_told_and_guessing_would_not_do(own: Results) -> None:
    told = share([told for result in own.results for told in result.facts])
    assert told >= 0.83
    assert max(own.echo_facts, own.random_facts) <= 0.15


def test_every_sentence_cites_and_every_quote_is_verbatim(own: Results, coverage: Results) -> None:
    answered = [result for results in (own, coverage) for result in results.results if result.answer.sentences]
    assert all(result.grounded for result in answered)


def test_answers_keep_to_about_150_words(own: Results) -> None:
    lengths = [len(" ".join(s.text for s in result.answer.sentences).split()) for result in own.results]
    assert max(lengths) <= 155


def test_answerable_questions_are_answered_and_most_others_declined(coverage: Results) -> None:
    answerable = [not result.declined for result in coverage.results if result.answerable]
    others = [result.declined for result in coverage.results if not result.answerable]
    assert share(answerable) >= 0.95
    assert share(others) >= 0.58


def test_plain_answers_read_more_easily_than_the_claims(engine: Engine) -> None:
    rows = read_rows(QUESTIONS / "own.jsonl")[:60]
    plain, claims = (evaluate(engine, rows, detail=detail).results for detail in ("plain", "standard"))
    grades = [sorted(result.grade for result in results if result.answer.sentences) for results in (plain, claims)]
    middle = [found[len(found) // 2] for found in grades]
    assert middle[0] <= middle[1] - 3


def test_the_report_lists_the_figures_of_each_set_and_the_failures_to_read(own: Results, coverage: Results) -> None:
    rows = table([own, coverage])
    assert rows[0] == ["", "own", "coverage"]
    assert all(len(row) == 3 for row in rows)
    text = markdown([own, coverage])
    assert "| expected source cited in the answer |" in text
    assert "## coverage: to read" in text
    assert all(name in text for name in by_composer(own))
    assert next(iter(failures(coverage))).split("  ", 1)[0] in text
