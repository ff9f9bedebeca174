"""Amounts in every form that people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answer.quantities import ONES, quantities


def agree(said: str, source: str) -> bool:
    """True when each amount said is one of the source's, and there is one."""
    known = quantities(source, parts=True)
    mine = quantities(said)
    return bool(mine) and all(any(one.agrees(other) for other in known) for one in mine)


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ("two hours", "120 minutes"),
        ("2 h", "two hours"),
        ("half an hour", "30 minutes"),
        ("14 days", "a fortnight"),
        ("24 hours", "a day"),
        ("1 in 3", "33%"),
        ("a third", "33.3%"),
        ("one adult in 20", "5%"),
        ("8 of 9", "eight of the nine"),
        ("48 per cent", "48 %"),
        ("about two thirds", "65%"),
        ("three quarters", "75%"),
        ("just over half", "54%"),
        ("about 60%", "57%"),
        ("about 1 in 100", "1.2%"),
        ("56 milligrams", "56 mg"),
        ("0.5 mg per kg", "0.5 mg/kg"),
        ("17,000 dollars", "$17,000"),
        ("twenty-five people", "25 people"),
        ("two million", "2 million"),
        ("2 to 6 weeks", "2 weeks and 6 weeks"),
        ("a dozen", "12"),
        ("one and a half days", "1.5 days"),
        ("day seven", "7 days"),
        ("for a week", "one week"),
        ("two months", "eight weeks"),
        ("eight weeks", "two months"),
        ("0.5 mg per kilo", "0.5 milligrams per kilogram"),
    ],
)
def test_the_same_amount_in_other_words_agrees(said: str, source: str) -> None:
    assert agree(said, source)


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ("two hours", "two days"),
        ("56 mg", "84 mg"),
        ("56 mg", "56 ml"),
        ("1 in 3", "1 in 4"),
        ("a third", "half"),
        ("about 290 million", "about 280 million"),
        ("about 63%", "60%"),
        ("52%", "about half"),
        ("in 2019", "in 2020"),
        ("50811", "50808"),
        ("0.02%", "0.01%"),
        ("$500", "£500"),
        ("0.5 mg/kg", "0.5 mg"),
    ],
)
def test_another_amount_or_another_unit_disagrees(said: str, source: str) -> None:
    assert not agree(said, source)


@pytest.mark.parametrize("text", ["one person said so", "the third trial", "a half-life", "halfway", "a plan", ""])
def test_what_is_no_amount_is_not_read_as_one(text: str) -> None:
    assert quantities(text) == []


def test_the_counts_inside_a_share_are_read_only_of_a_source() -> None:
    assert [amount.kind for amount in quantities("8 of 9")] == ["share"]
    assert [(amount.kind, amount.value) for amount in quantities("8 of 9", parts=True)][1:] == [
        ("count", 8.0),
        ("count", 9.0),
    ]


def test_an_amount_knows_where_it_stands() -> None:
    text = "After two hours, 48 % had left."
    assert [text[amount.start : amount.end] for amount in quantities(text)] == ["two hours", "48 %"]


@given(number=st.integers(2, 19), unit=st.sampled_from(["minutes", "hours", "days", "weeks", "months", "mg", "people"]))
def test_a_number_is_the_same_in_digits_and_in_words(number: int, unit: str) -> None:
    assert agree(f"{ONES[number]} {unit}", f"{number} {unit}")


@given(one=st.integers(1, 5000), other=st.integers(1, 5000))
def test_exact_counts_agree_only_when_they_are_equal(one: int, other: int) -> None:
    assert agree(f"{one} people", f"{other} people") == (one == other)


@given(text=st.text(alphabet="0123456789.,%-– /amgkhourinfthd$£()", max_size=40))
def test_any_text_is_read_without_an_error_and_amounts_lie_inside_it(text: str) -> None:
    for amount in quantities(text, parts=True):
        assert 0 <= amount.start < amount.end <= len(text)


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ("more than half", "45.5%"),
        ("for an hour", "24 hours"),
        ("within a day", "two weeks"),
        ("60 days", "two months"),
    ],
)
def test_an_amount_on_the_wrong_side_of_a_bound_or_of_another_span_does_not_agree(said: str, source: str) -> None:
    assert not agree(said, source)


def test_more_than_half_may_stand_for_two_thirds_but_not_for_less_than_half() -> None:
    assert agree("more than half", "65%")
    assert not agree("more than half", "40%")
