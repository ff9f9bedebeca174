"""Where studies disagree, an answer shows both sides next to each other and says so; otherwise it doesn't."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from answer.compose import Chosen
from answer.disagree import Disagreements
from answer.retrieve import Hit
from answer.schema import Answer, Question
from ingest.schema import Passage, SourceMeta
from ingest.vocabulary import Vocabulary
from settings import ROOT

BETTER = "In a 2015 trial, ketamine lowered depression more than midazolam a day later."
SAME = "In a 2020 trial, depression was not clearly different between ketamine and midazolam."
QUESTION = "Is ketamine better than midazolam?"


@pytest.fixture(scope="session")
def disagreements() -> Disagreements:
    return Disagreements(Vocabulary.load(ROOT / "corpus" / "vocabulary.toml"))


def found(text: str, source: str, score: float = 0.7, section: str = "What was found", title: str = "") -> Chosen:
    meta = SourceMeta.model_validate({"id": source, "title": source, "topics": ["effectiveness"], "evidence": "low"})
    meta = meta.model_copy(update={"kind": "randomized-trial"})
    passage = Passage(f"{source}-{text[:30]}", source, "claim", section, title, text, 0)
    return Chosen(text, Hit(passage, meta, score, score, score, 1.0))


def woven(
    disagreements: Disagreements, question: str, chosen: Sequence[Chosen], near: Sequence[Chosen] = (), words: int = 150
) -> tuple[list[str], bool]:
    hits = [item.hit for item in (*chosen, *near)]
    said, pair = disagreements.weave(question, chosen, hits, words)
    return [item.hit.source.id for item in said], bool(pair)


def notices(answer: Answer) -> list[str]:
    return [notice.id for notice in answer.notices]


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (QUESTION, BETTER, SAME),
        (
            "Is ECT better than ketamine?",
            "In one trial, 63% of patients given ECT and 46% of patients given ketamine reached remission.",
            "In another trial, 38% of people given ketamine and 22% of people given ECT reached remission.",
        ),
        (
            "Does naltrexone block ketamine?",
            "In a small study, the drop in depression after ketamine was smaller when naltrexone had been taken first.",
            "Adding naltrexone did not reduce improvement in the 2025 trial, unlike a smaller 2018 study of 12 people.",
        ),
    ],
)
def test_opposite_findings_about_the_same_thing_disagree(
    disagreements: Disagreements, question: str, one: str, other: str
) -> None:
    assert woven(disagreements, question, [found(one, "a"), found(other, "b")]) == (["a", "b"], True)


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        # The same, in other words.
        (QUESTION, BETTER, "Ketamine reduced depression more than the sedative midazolam in a Canadian trial."),
        # Another outcome.
        (QUESTION, BETTER, "In a 2020 trial, blood pressure was not clearly different with ketamine and midazolam."),
        # Another medicine.
        ("Is it better than placebo?", BETTER, "In a 2020 trial, esketamine did not beat placebo for depression."),
        # Nothing that it is compared with.
        (QUESTION, BETTER, "Three ketamine infusions a week worked about the same as two a week."),
        # Two results in one sentence.
        (QUESTION, BETTER, "A low ketamine dose did better than midazolam at day 1, but not at day 3."),
        # How the groups were at the beginning.
        (QUESTION, SAME, "Depression scores at the start were higher with ketamine than with midazolam."),
        # What the question doesn't ask.
        ("How many people relapse?", BETTER, "Relapse was no less common with ketamine than with midazolam."),
    ],
)
def test_findings_that_cannot_be_compared_do_not_disagree(
    disagreements: Disagreements, question: str, one: str, other: str
) -> None:
    assert not woven(disagreements, question, [found(one, "a"), found(other, "b")])[1]


def test_one_source_does_not_disagree_with_itself(disagreements: Disagreements) -> None:
    assert not woven(disagreements, QUESTION, [found(BETTER, "a"), found(SAME, "a")])[1]


def test_limits_and_set_up_of_a_study_are_no_findings(disagreements: Disagreements) -> None:
    assert not woven(disagreements, QUESTION, [found(BETTER, "a"), found(SAME, "b", section="Limits")])[1]


def test_other_routes_are_not_compared(disagreements: Disagreements) -> None:
    swallowed, dripped = "Ketamine taken by mouth", "Ketamine given intravenously"
    chosen = [found(BETTER, "a", title=dripped), found(SAME, "b", title=swallowed)]
    assert not woven(disagreements, QUESTION, chosen)[1]


def test_the_other_side_is_fetched_though_it_was_not_chosen_and_stands_right_behind(
    disagreements: Disagreements,
) -> None:
    chosen = [found(BETTER, "a"), found("Ketamine was given in a drip over 40 minutes.", "c", 0.69)]
    assert woven(disagreements, QUESTION, chosen, [found(SAME, "b", 0.65)]) == (["a", "b"], True)


def test_a_far_less_direct_finding_is_not_fetched(disagreements: Disagreements) -> None:
    assert not woven(disagreements, QUESTION, [found(BETTER, "a")], [found(SAME, "b", 0.5)])[1]


def test_an_answer_never_grows_beyond_its_words(disagreements: Disagreements) -> None:
    assert woven(disagreements, QUESTION, [found(BETTER, "a")], [found(SAME, "b")], words=20) == (["a"], False)


def test_the_answer_says_that_studies_disagree_and_cites_both(engine: Any) -> None:
    answer = engine.ask(Question(text="did more people recover with ect than with ketamine in the big trials"))
    assert "sources_disagree" in notices(answer)
    assert {"ekstrand-2022-ketect", "anand-2023-elektd"} <= {citation.source_id for citation in answer.citations}


def test_disagreement_lowers_confidence_by_one_step(engine: Any) -> None:
    answer = engine.ask(Question(text="did more people recover with ect than with ketamine in the big trials"))
    grades = {citation.source_id: citation.evidence for citation in answer.citations}
    assert list(grades.values()).count("high") >= 2
    assert answer.confidence == "moderate"


@pytest.mark.parametrize(
    "text", ["How fast does ketamine work?", "Is esketamine better than quetiapine?", "Does ketamine help migraine?"]
)
def test_an_ordinary_answer_speaks_of_no_disagreement(engine: Any, text: str) -> None:
    assert "sources_disagree" not in notices(engine.ask(Question(text=text)))
