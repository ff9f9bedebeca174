"""The reading grade: harder texts have a higher one, and the names of medicines and scales don't count."""

from __future__ import annotations

import pytest

from answer.readability import grade, syllables
from ingest.vocabulary import Vocabulary
from settings import ROOT


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load(ROOT / "corpus" / "vocabulary.toml")


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("drug", 1),
        ("infusion", 3),
        ("people", 2),
        ("helped", 1),
        ("treated", 2),
        ("nausea", 3),
        ("dissociation", 5),
        ("medicine", 3),
        ("table", 2),
        ("cause", 1),
        ("causes", 2),
        ("being", 2),
        ("48", 1),
    ],
)
def test_syllables_are_counted_by_spelling(word: str, count: int) -> None:
    assert syllables(word) == count


def test_long_words_and_long_sentences_ask_for_more_schooling(vocabulary: Vocabulary) -> None:
    easy = grade("The drip takes an hour. You rest. Then you go home.", vocabulary)
    hard = grade(
        "Administration necessitates continuous physiological monitoring throughout approximately sixty minutes,"
        " followed by supervised recuperation preceding discharge.",
        vocabulary,
    )
    assert easy < 4
    assert hard > 12


def test_the_formula_is_flesch_kincaid(vocabulary: Vocabulary) -> None:
    # Ten words, one sentence, fifteen syllables.
    text = "The nurse asked all her patients a difficult question today."
    assert grade(text, vocabulary) == pytest.approx(0.39 * 10 + 11.8 * 15 / 10 - 15.59)


def test_the_names_of_medicines_and_scales_are_not_counted(vocabulary: Vocabulary) -> None:
    plain = grade("It helped them.", vocabulary)
    assert grade("Dextromethorphan helped them.", vocabulary) <= plain + 1


@pytest.mark.parametrize("text", ["", "…", "   "])
def test_a_text_without_words_has_grade_zero(text: str, vocabulary: Vocabulary) -> None:
    assert grade(text, vocabulary) == 0.0
