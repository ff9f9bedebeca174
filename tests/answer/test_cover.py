"""Whether the sources cover what was asked: near-topic questions get no stretched answer."""

from __future__ import annotations

from typing import Any

import pytest

from answer.schema import Answer, Question

NOT_COVERED = [
    ("Does ketamine help tinnitus?", "tinnitus"),
    ("Is it safe to go scuba diving after ketamine treatment?", "scuba diving"),
    ("Does ketamine treatment work for left-handed people?", "left handed"),
    ("What did the BLUEHORIZON trial of ketamine find?", "bluehorizon"),
    ("What did the ZEPHYR-9 trial of esketamine find?", "zephyr"),
]
COVERED = [
    "Can I drink grapefruit juice before treatment?",
    "Does ketamine help migraine?",
    "Can ketamine help with PTSD?",
    "Can I drive home after a session?",
    "Is ketamine addictive?",
    "Does ketamine raise blood pressure?",
    "Can I have ketamine while pregnant?",
]


def ask(engine: Any, text: str) -> Answer:
    answer: Answer = engine.ask(Question(text=text))
    return answer


@pytest.mark.parametrize(("text", "missing"), NOT_COVERED)
def test_what_the_sources_do_not_cover_is_named_instead_of_answered(engine: Any, text: str, missing: str) -> None:
    answer = ask(engine, text)
    assert (answer.outcome, answer.sentences, answer.citations) == ("no_evidence", [], [])
    assert answer.message is not None
    assert f"“{missing}”" in answer.message.text
    assert "phone 555 0100" in answer.message.text
    assert answer.confidence is None
    assert answer.follow_ups


@pytest.mark.parametrize("text", COVERED)
def test_what_the_sources_cover_is_answered(engine: Any, text: str) -> None:
    answer = ask(engine, text)
    assert answer.outcome == "answered"
    assert answer.message is None


def test_grapefruit_is_answered_from_the_study_of_grapefruit(engine: Any) -> None:
    cited = {citation.source_id for citation in ask(engine, COVERED[0]).citations}
    assert "peltoniemi-2012-grapefruit" in cited


@pytest.mark.parametrize(("text", "missing"), NOT_COVERED)
def test_the_estimate_for_an_uncovered_question_is_far_below_the_threshold(
    engine: Any, text: str, missing: str
) -> None:
    coverage = engine.coverage(text)
    assert coverage.probability < engine.settings.answer_threshold / 2
    assert missing in coverage.missing


@pytest.mark.parametrize("text", COVERED)
def test_nothing_is_missing_from_a_covered_question(engine: Any, text: str) -> None:
    coverage = engine.coverage(text)
    assert 1 >= coverage.probability >= engine.settings.answer_threshold
    assert coverage.missing == ()


def test_a_search_score_alone_could_not_tell(engine: Any) -> None:
    uncovered, covered = engine.coverage(NOT_COVERED[0][0]), engine.coverage("Can ketamine help with PTSD?")
    assert uncovered.features["score"] > 0.5
    assert uncovered.probability < covered.probability


def test_a_place_that_only_says_where_the_reader_is_does_not_make_a_question_uncovered(engine: Any) -> None:
    assert ask(engine, "How much does ketamine cost in Leeds?").outcome == "answered"
