"""Composing an answer from the corpus's own sentences: short, cited, verbatim, balanced, in a sensible order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from answer.compose import MOST_OF_ONE_SOURCE, Chosen, Composer, Reader, evidence
from answer.retrieve import Hit
from answer.schema import Answer, Question
from ingest.schema import Evidence, Passage, SourceMeta
from ingest.terms import Terms
from ingest.vocabulary import Vocabulary
from settings import ROOT

QUESTIONS = [
    "Does ketamine cure depression?",
    "How soon can ketamine start to help depression?",
    "How long does the effect last?",
    "What are the common side effects?",
    "Is ketamine addictive?",
    "Does ketamine raise blood pressure?",
    "Who should not have Spravato?",
    "How much does ketamine cost?",
    "Can I drive home after a session?",
    "What should I do before a session?",
    "Does ketamine damage the bladder?",
    "Can ketamine help with PTSD?",
    "How does ketamine work in the brain?",
    "Does ketamine reduce suicidal thoughts?",
]
US = Reader(frozenset({"US"}))
GB = Reader(frozenset({"GB"}))


@pytest.fixture
def composer() -> Composer:
    return Composer(ROOT / "corpus" / "sections.toml", Terms(Vocabulary([])), 150)


@pytest.fixture(scope="module")
def answers(engine: Any) -> list[Answer]:
    return [engine.ask(Question(text=text)) for text in QUESTIONS]


def hit(
    text: str,
    score: float,
    *,
    source: str = "one",
    topics: Sequence[str] = ("effectiveness",),
    section: str = "What was found",
    kind: str = "review",
    provenance: str = "summary",
    country: Sequence[str] = (),
    grade: Evidence = "low",
    block: Any = "claim",
) -> Hit:
    meta = SourceMeta.model_validate(
        {"id": source, "title": source, "topics": list(topics), "country": list(country), "evidence": grade}
        | {"kind": kind, "provenance": provenance}
    )
    return Hit(Passage(f"{source}-{text[:12]}", source, block, section, "", text, 0), meta, score, score, score, 1.0)


def texts(chosen: Sequence[Chosen]) -> list[str]:
    return [item.text for item in chosen]


def test_an_answer_is_one_to_six_sentences_of_at_most_150_words(answers: list[Answer]) -> None:
    for answer in answers:
        assert answer.outcome == "answered"
        assert 1 <= len(answer.sentences) <= (6 if answer.composer == "faq" else 5)
        assert sum(len(sentence.text.split()) for sentence in answer.sentences) <= 150


def test_every_sentence_cites_a_quote_that_stands_word_for_word_in_its_source_file(answers: list[Answer]) -> None:
    for citation in (citation for answer in answers for citation in answer.citations):
        path = ROOT / "corpus" / "literature" / f"{citation.source_id}.md"
        assert citation.quote in " ".join(path.read_text(encoding="utf-8").split())
    for answer in answers:
        quotes = {citation.number: citation.quote for citation in answer.citations}
        if answer.composer == "extractive":
            cited = [quotes[number] for sentence in answer.sentences for number in sentence.citations]
            assert cited == [sentence.text for sentence in answer.sentences]
        assert answer.checks == {"every_sentence_cited": True, "quotes_verbatim": True}


def test_an_answer_draws_on_several_sources_where_they_exist(answers: list[Answer]) -> None:
    assert all(len({citation.source_id for citation in answer.citations}) >= 2 for answer in answers)


def test_no_two_sentences_of_an_answer_say_the_same(answers: list[Answer]) -> None:
    for answer in answers:
        bags = [set(sentence.text.lower().split()) for sentence in answer.sentences]
        likeness = [len(a & b) / len(a | b) for place, a in enumerate(bags) for b in bags[:place]]
        assert max(likeness, default=0) < 0.7


@pytest.mark.parametrize(
    "text", ["Does ketamine cure depression?", "Is ketamine a miracle cure?", "Is ketamine a breakthrough?"]
)
def test_no_promise_of_the_clinics_article_is_repeated(engine: Any, text: str) -> None:
    answer = engine.ask(Question(text=text))
    assert {citation.provenance for citation in answer.citations} == {"summary"}
    assert not [s.text for s in answer.sentences if "cure" in s.text.lower() or "groundbreaking" in s.text.lower()]


@pytest.mark.parametrize("text", ["Can I drive home after a session?", "How much does ketamine cost?"])
def test_practical_questions_carry_no_talk_of_evidence(engine: Any, text: str) -> None:
    assert engine.ask(Question(text=text)).confidence is None


@pytest.mark.parametrize("text", ["Does ketamine reduce suicidal thoughts?", "Does ketamine raise blood pressure?"])
def test_questions_of_effect_and_safety_say_how_far_to_trust_them(engine: Any, text: str) -> None:
    assert engine.ask(Question(text=text)).confidence in ("strong", "moderate", "limited")


@pytest.mark.parametrize("country", ["GB", "US"])
def test_a_price_is_told_for_the_readers_country_first(engine: Any, country: str) -> None:
    answer = engine.ask(Question(text="How much does ketamine cost?", country=country))
    assert country in answer.citations[0].country


def test_a_reader_elsewhere_is_told_whose_prices_these_are(engine: Any) -> None:
    answer = engine.ask(Question(text="How much does ketamine cost?", country="GR"))
    notice = next(notice for notice in answer.notices if notice.id == "other_country")
    assert "United States" in notice.text


def test_coverage_is_told_for_the_readers_country(engine: Any) -> None:
    answer = engine.ask(Question(text="Is Spravato covered by insurance?", country="US"))
    assert {country for citation in answer.citations for country in citation.country} == {"US"}
    assert "other_country" not in [notice.id for notice in answer.notices]


def test_prices_at_home_come_before_more_direct_ones_abroad(composer: Composer) -> None:
    hits = [
        hit("A session costs 500 dollars.", 0.7, source="us", topics=["cost-insurance"], country=["US"]),
        hit("A drip is 400 pounds.", 0.65, source="gb", topics=["cost-insurance"], country=["GB"]),
    ]
    assert texts(composer.compose("cost?", hits, GB)) == ["A drip is 400 pounds.", "A session costs 500 dollars."]
    assert texts(composer.compose("cost?", hits, US))[0] == "A session costs 500 dollars."


def test_the_country_of_a_study_does_not_matter_for_its_effect(composer: Composer) -> None:
    hits = [hit("Half got better.", 0.7, country=["US"]), hit("Third relapsed early.", 0.6, source="b", country=["GB"])]
    assert texts(composer.compose("works?", hits, GB))[0] == "Half got better."


def test_stronger_evidence_leads_among_equally_direct_claims_only(composer: Composer) -> None:
    direct = hit("Small study saw benefit.", 0.70, source="small")
    strong = hit("Pooled trials agree broadly.", 0.68, source="pooled", grade="high")
    far = hit("Another pooled result stands.", 0.55, source="far", grade="high")
    assert [item.hit.source.id for item in composer.compose("works?", [direct, strong, far], US)] == [
        "pooled",
        "small",
        "far",
    ]


def test_practical_claims_stand_in_order_of_directness_whatever_their_grade(composer: Composer) -> None:
    near = hit("Book a lift home.", 0.70, source="near", topics=["after-session-driving"])
    strong = hit("Wait until next morning.", 0.68, source="strong", grade="high", topics=["after-session-driving"])
    assert [item.hit.source.id for item in composer.compose("drive?", [near, strong], US)] == ["near", "strong"]


def test_a_claim_said_before_in_other_order_is_left_out(composer: Composer) -> None:
    hits = [
        hit("Nausea and dizziness are common after esketamine.", 0.7),
        hit("After esketamine nausea and dizziness are common.", 0.69, source="two"),
        hit("Blood pressure rises for an hour.", 0.68, source="three"),
    ]
    chosen = texts(composer.compose("side effects?", hits, US))
    assert chosen == ["Nausea and dizziness are common after esketamine.", "Blood pressure rises for an hour."]


def test_no_source_fills_an_answer_alone_when_others_speak(composer: Composer) -> None:
    words = ["alpha beta", "gamma delta", "epsilon zeta", "eta theta", "iota kappa"]
    hits = [hit(f"Claim {word}.", 0.7) for word in words] + [hit("Other lambda mu.", 0.6, source="two")]
    sources = [item.hit.source.id for item in composer.compose("q?", hits, US)]
    assert sources.count("one") == MOST_OF_ONE_SOURCE
    assert "two" in sources


def test_what_was_studied_yields_to_what_was_found(composer: Composer) -> None:
    setup = hit("The trial enrolled adults.", 0.70, source="a", section="What was studied")
    found = hit("Mood improved within hours.", 0.69, source="b")
    assert texts(composer.compose("q?", [setup, found], US))[0] == "Mood improved within hours."


def test_words_stay_within_the_limit_and_far_claims_stay_out(composer: Composer) -> None:
    long = [hit(f"{letter} " * 60 + ".", 0.7, source=letter) for letter in ("a1", "b2", "c3", "d4")]
    assert sum(len(text.split()) for text in texts(composer.compose("q?", long, US))) <= 150
    near, far = hit("Near claim here.", 0.7), hit("Far away thing.", 0.3, source="far")
    assert texts(composer.compose("q?", [near, far], US)) == ["Near claim here."]


def test_of_prose_the_sentence_that_shares_most_with_the_question_is_said(composer: Composer) -> None:
    prose = hit("The room is quiet. A nurse checks blood pressure twice. Snacks are sold.", 0.7, block="prose")
    assert texts(composer.compose("Is blood pressure checked?", [prose], US)) == [
        "A nurse checks blood pressure twice."
    ]


def test_nothing_found_composes_nothing(composer: Composer) -> None:
    assert composer.compose("q?", [], US) == []
    assert composer.topic([]) == ""


def test_the_clinics_words_support_nothing_that_literature_speaks_to() -> None:
    article = hit("It cures.", 0.9, source="article", kind="clinic-article", provenance="clinic")
    hours = hit("Open at nine.", 0.8, source="hours", kind="clinic-information", provenance="clinic")
    card = hit("Half improved.", 0.5)
    assert evidence([article, hours, card]) == [card]
    assert evidence([article, hours]) == [article]
    assert evidence([hours]) == []
