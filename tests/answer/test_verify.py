"""The checks on a sentence: each lets a true paraphrase through and stops a false one; and how often, measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answer.rules import RULES
from answer.verify import Quote, Verifier
from evals.measure_checks import Measured, Paraphrase, corpus_sources, measure, paraphrases
from evals.mutate import mutants
from ingest.embed import Embedder
from ingest.vocabulary import Vocabulary
from settings import ROOT, Settings

TRIAL = Quote(
    "In the 2020 trial, 54% of people on 56 mg esketamine responded after four weeks, compared with 39% on placebo.",
    "Esketamine nasal spray in a trial",
)
NOT_APPROVED = Quote("Ketamine is not approved for depression in the United States.", "Ketamine and the law")
MAY_HELP = Quote("Ketamine may ease depression within a day in some people.", "Ketamine and depression")
LESS_PAIN = Quote("In a 2022 review, ketamine caused less headache and muscle pain than ECT.", "Ketamine and ECT")


@pytest.fixture(scope="module")
def verifier(embedder: Embedder) -> Verifier:
    return Verifier(Vocabulary.load(ROOT / "corpus" / "vocabulary.toml"), embedder.embed)


@pytest.fixture(scope="module")
def rules_alone() -> Verifier:
    # Thousands of sentences: closeness by shared words, as the embedder takes minutes. It stops hardly any of them.
    return Verifier(Vocabulary.load(ROOT / "corpus" / "vocabulary.toml"))


def failed(verifier: Verifier, sentence: str, *quotes: Quote) -> set[str]:
    """Names of the checks that a sentence fails."""
    return {check.name for check in verifier.check(sentence, quotes) if not check.passed}


@pytest.mark.parametrize(
    ("check", "quote", "true", "false"),
    [
        ("numbers", TRIAL, "54% responded to esketamine in the trial.", "64% responded to esketamine in the trial."),
        (
            "numbers",
            TRIAL,
            "Just over half of the people on esketamine responded within 28 days.",
            "Just over half of the people on esketamine responded within 28 hours.",
        ),
        (
            "numbers",
            Quote("About 1 in 3 people felt sick for 120 minutes after the ketamine drip.", "Ketamine drips"),
            "About a third of people felt sick for two hours after the ketamine drip.",
            "About a fifth of people felt sick for two hours after the ketamine drip.",
        ),
        (
            "names",
            TRIAL,
            "In the 2020 trial, 54% of people responded after four weeks on Spravato.",
            "In the 2020 trial, 54% of people responded after four weeks on ketamine.",
        ),
        (
            "names",
            TRIAL,
            "In the trial, 39% responded to a dummy drug and 54% to esketamine.",
            "In the trial of bipolar disorder, 54% responded to esketamine.",
        ),
        (
            "negation",
            NOT_APPROVED,
            "In the US, ketamine isn't approved for depression.",
            "In the US, ketamine is approved for depression.",
        ),
        (
            "negation",
            Quote("Ketamine is approved as an anesthetic in the United States.", "Ketamine"),
            "Ketamine has approval as an anesthetic in the US.",
            "Ketamine is not approved as an anesthetic in the US.",
        ),
        (
            "negation",
            Quote("People on MAOIs are advised not to stop them without asking their prescriber.", "MAOIs"),
            "People who take an MAOI are told not to stop it without asking their prescriber.",
            "People who take an MAOI are told to stop it without asking their prescriber.",
        ),
        (
            "direction",
            LESS_PAIN,
            "ECT caused more headache than ketamine in a 2022 review.",
            "ECT caused less headache than ketamine in a 2022 review.",
        ),
        (
            "direction",
            Quote("Blood pressure rises for about 40 minutes after esketamine.", "Esketamine"),
            "Esketamine raises blood pressure for about 40 minutes.",
            "Esketamine lowers blood pressure for about 40 minutes.",
        ),
        (
            "direction",
            Quote("Large trials are still needed to show what talking therapy adds to ketamine.", "Therapy"),
            "What talking therapy adds to ketamine still has to be shown in large trials.",
            "What talking therapy adds to ketamine was already shown in large trials.",
        ),
        (
            "direction",
            Quote("In 2024, 24 deaths were linked to illicit (illegally obtained) ketamine.", "Deaths"),
            "Illegal ketamine was linked to 24 deaths in 2024.",
            "Prescribed ketamine was linked to 24 deaths in 2024.",
        ),
        (
            "arms",
            Quote("A trial gave one drip of ketamine (0.5 mg/kg, 10 people) or midazolam (12 people).", "Trial"),
            "In a trial, ten people got a ketamine drip and twelve got midazolam.",
            "In a trial, twelve people got a ketamine drip and ten got midazolam.",
        ),
        (
            "arms",
            TRIAL,
            "In the trial, 54% responded to esketamine and 39% to placebo.",
            "In the trial, 39% responded to esketamine and 54% to placebo.",
        ),
        (
            "arms",
            Quote(
                "Effects more common with esketamine than with placebo included dizziness (38% and 14%).", "Esketamine"
            ),
            "Dizziness affected 38% on esketamine and 14% on placebo.",
            "Dizziness affected 38% on placebo and 14% on esketamine.",
        ),
        (
            "certainty",
            Quote("Ketamine drips were generally well tolerated among the 54 patients.", "Patients"),
            "Most of the 54 patients tolerated ketamine drips well.",
            "All of the 54 patients tolerated ketamine drips well.",
        ),
        (
            "certainty",
            Quote("Therapy might help ketamine along, but whether it does still needs proof.", "Therapy"),
            "Therapy might help ketamine along, but whether it does has to be proven.",
            "Therapy might help ketamine along, and this is proven.",
        ),
        (
            "certainty",
            MAY_HELP,
            "Ketamine might ease depression within a day for some.",
            "Ketamine eases depression within a day for some people.",
        ),
        (
            "certainty",
            MAY_HELP,
            "Some people may find that ketamine eases depression within a day.",
            "All people may find that ketamine eases depression within a day.",
        ),
        (
            "meaning",
            MAY_HELP,
            "Depression may lift within a day of ketamine.",
            "Insurance forms go to the pharmacy desk on Mondays.",
        ),
        (
            "promise",
            MAY_HELP,
            "Ketamine may ease depression in some people.",
            "Ketamine may be a miracle for depression in some people.",
        ),
        (
            "promise",
            Quote("Ketamine is not a cure for depression.", "Ketamine and depression"),
            "Ketamine is no cure for depression.",
            "Ketamine is a cure for depression.",
        ),
        (
            "verdict",
            MAY_HELP,
            "Ketamine may ease depression in some people.",
            "Ketamine may be right for you and ease depression.",
        ),
        (
            "verdict",
            Quote("People may keep taking their SSRI with ketamine, a review says.", "SSRIs and ketamine"),
            "People may keep taking an SSRI with ketamine, a review says.",
            "Keep taking your SSRI with ketamine, a review says.",
        ),
        (
            "dose",
            TRIAL,
            "In the trial, 54% of people on 56 mg esketamine responded.",
            "Take 56 mg esketamine, as 54% responded.",
        ),
        ("dose", TRIAL, "The trial used 56 mg esketamine.", "Esketamine works at 56 mg."),
    ],
)
def test_a_check_passes_a_true_sentence_and_stops_a_false_one(
    verifier: Verifier, check: str, quote: Quote, true: str, false: str
) -> None:
    assert failed(verifier, true, quote) == set()
    assert check in failed(verifier, false, quote)


def test_a_sentence_without_a_quote_fails(verifier: Verifier) -> None:
    assert "cited" in failed(verifier, "Ketamine may help.")


def test_every_check_is_reported_with_its_reason_only_when_it_fails(verifier: Verifier) -> None:
    checks = verifier.check("64% of people on esketamine responded in the trial.", [TRIAL])
    assert [check.name for check in checks][:3] == ["cited", "numbers", "names"]
    assert len({check.name for check in checks}) == len(checks)
    assert all(check.passed == (not check.reason) for check in checks)
    assert "64%" in next(check.reason for check in checks if check.name == "numbers")


def test_a_country_may_be_named_when_the_document_comes_from_there(verifier: Verifier) -> None:
    quote = "The clinic's page says people should not drive on the day of a ketamine drip."
    said = "A UK clinic says people should not drive on the day of a ketamine drip."
    assert failed(verifier, said, Quote(quote, "Ketamine drips")) == {"names"}
    assert failed(verifier, said, Quote(quote, "Ketamine drips", ("GB",))) == set()


def test_a_sentence_may_merge_two_quotes(verifier: Verifier) -> None:
    said = "Ketamine may ease depression within a day in some people, but it is not approved for depression in the US."
    assert failed(verifier, said, MAY_HELP, NOT_APPROVED) == set()
    assert "negation" in failed(verifier, said, MAY_HELP)


def test_a_cited_document_does_not_lend_its_title_to_a_drug_that_the_quote_tells_apart(verifier: Verifier) -> None:
    quote = Quote("Esketamine raised blood pressure in the trial.", "Ketamine and esketamine")
    assert "names" in failed(verifier, "Ketamine raised blood pressure in the trial.", quote)


def test_without_an_embedder_closeness_is_judged_by_shared_words(rules_alone: Verifier) -> None:
    assert rules_alone.passes(MAY_HELP.text, [MAY_HELP])
    assert "meaning" in failed(rules_alone, "Insurance forms go to the pharmacy desk.", MAY_HELP)


def test_the_digest_changes_with_the_rules(write: Callable[[str, str], Path]) -> None:
    vocabulary = Vocabulary([])
    changed = write("rules.toml", RULES.read_text(encoding="utf-8").replace('"preliminary", ', ""))
    assert Verifier(vocabulary).digest == Verifier(vocabulary).digest != Verifier(vocabulary, None, changed).digest


# How often: the half of the paraphrases that the rules were built with, and every claim of the corpus.

HALF_A = list(paraphrases("a", corpus_sources(Settings())))
FALSE = [(row, kind, false) for row in HALF_A for kind, false in mutants(row.text)]


@pytest.fixture(scope="module")
def measured(rules_alone: Verifier) -> Measured:
    return measure(HALF_A, rules_alone)


def test_most_true_paraphrases_pass(measured: Measured) -> None:
    assert len(measured.passed) == 180
    assert measured.pass_rate >= 0.85


def test_nearly_all_false_twins_are_caught(measured: Measured) -> None:
    assert len(FALSE) > 450
    assert measured.catch_rate >= 0.92
    assert all(sum(hits) / len(hits) >= 0.75 for hits in measured.caught.values())


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(1, 1_000_000))
def test_other_mutations_of_the_true_sentences_are_caught_as_often(rules_alone: Verifier, seed: int) -> None:
    hits = [not rules_alone.passes(false, row.quotes) for row in HALF_A for _, false in mutants(row.text, seed)]
    assert sum(hits) >= 0.92 * len(hits)


@settings(max_examples=20, deadline=None)
@given(rows=st.lists(st.sampled_from(HALF_A), min_size=100, unique_by=lambda row: row.id))
def test_true_sentences_pass_whichever_are_drawn(rules_alone: Verifier, rows: list[Paraphrase]) -> None:
    assert sum(rules_alone.passes(row.text, row.quotes) for row in rows) >= 0.8 * len(rows)


@given(row=st.sampled_from(HALF_A), seed=st.integers(0, 1_000_000))
def test_a_mutant_is_another_sentence_and_always_the_same_one(row: Paraphrase, seed: int) -> None:
    made = list(mutants(row.text, seed))
    assert made == list(mutants(row.text, seed))
    assert all(false != row.text for _, false in made)


def test_the_claims_of_the_corpus_pass_against_themselves(rules_alone: Verifier) -> None:
    quotes = [
        Quote(block.text, source.heading, tuple(source.meta.country))
        for source in corpus_sources(Settings()).values()
        for block in source.blocks
        if block.kind == "claim"
    ]
    wrong = [quote.text for quote in quotes if not rules_alone.passes(quote.text, [quote])]
    assert len(quotes) > 2000
    assert len(wrong) <= 0.01 * len(quotes), wrong
