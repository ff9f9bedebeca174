"""Slips of the keyboard are mended for search; words that people mean stay as they are."""

from __future__ import annotations

import time
from typing import Any

import pytest

from answer.spell import Speller
from ingest.vocabulary import Term, Vocabulary

TEXTS = ["Blood pressure rises after ketamine.", "Blood pressure is checked.", "Depression and its treatment."] * 3


@pytest.fixture
def speller() -> Speller:
    return Speller(TEXTS, [], Vocabulary([Term(name="esketamine", kind="drug", words=("Spravato",))]))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("presure", "pressure"),
        ("presssure", "pressure"),
        ("rpessure", "pressure"),
        ("prassure", "pressure"),
        ("depresion", "depression"),
        ("spravatto", "spravato"),
        ("esketamin", "esketamine"),
    ],
)
def test_a_word_one_slip_away_from_a_known_one_is_mended(speller: Speller, typed: str, meant: str) -> None:
    assert speller.mend(f"Blood {typed}?") == f"blood {meant}"


@pytest.mark.parametrize("text", ["Blood pressure?", "ris", "xylophone", "BPRS-18", "préssure", "", "?!"])
def test_known_short_foreign_and_far_words_stay_as_they_were_typed(speller: Speller, text: str) -> None:
    assert speller.mend(text) == text


def test_a_word_that_the_corpus_holds_only_once_is_never_the_correction() -> None:
    assert Speller(["A glutamate surge."], [], Vocabulary([])).mend("glutamete") == "glutamete"


def test_a_very_long_word_costs_no_time(speller: Speller) -> None:
    start = time.perf_counter()
    assert speller.mend("x" * 20_000) == "x" * 20_000
    assert time.perf_counter() - start < 0.5


def test_the_commonest_of_several_near_words_is_taken() -> None:
    speller = Speller(["dosing dosing dosing posing posing"], [], Vocabulary([]))
    assert speller.mend("aosing") == "dosing"


def test_words_of_the_passages_are_known(speller: Speller) -> None:
    assert "pressure" in speller.used
    assert "presure" not in speller.used
    assert "spravato" in speller.right


@pytest.mark.parametrize(
    ("typed", "meant"), [("is ketmaine adictive", "ketamine"), ("an infuson at the clinic", "infusion")]
)
def test_slips_are_mended_with_the_words_of_the_real_corpus(engine: Any, typed: str, meant: str) -> None:
    with engine._index.reading() as generation:
        assert meant in engine._lookup(generation).speller.mend(typed).split()


@pytest.mark.parametrize(("typed", "meant"), [("side efects", "effects"), ("sesions a week", "sessions")])
def test_a_slip_that_stands_among_the_indexed_questions_is_mended_too(engine: Any, typed: str, meant: str) -> None:
    with engine._index.reading() as generation:
        assert meant in engine._lookup(generation).speller.mend(typed).split()
