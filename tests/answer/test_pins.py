"""Pins: a claim named by its source and first words is found while it stands there, once."""

from answer.pins import all_pinned, pinned
from ingest.schema import Passage


def claim(text: str) -> Passage:
    return Passage(text, "tea", "claim", "What was found", "Tea", text, 0)


CLAIMS = {"tea": [claim("Tea helped 40 of 100."), claim("Tea kept 3 awake."), claim("Milk did not help.")]}


def test_the_claim_that_begins_so_is_found() -> None:
    assert pinned("tea#Milk did", CLAIMS) == CLAIMS["tea"][2]


def test_two_that_begin_so_none_and_an_unknown_source_are_not() -> None:
    assert [pinned(pin, CLAIMS) for pin in ("tea#Tea", "tea#Coffee", "coffee#Milk", "tea#", "tea")] == [None] * 5


def test_pins_hold_all_or_not_at_all() -> None:
    assert all_pinned(["tea#Milk", "tea#Tea kept"], CLAIMS) == [CLAIMS["tea"][2], CLAIMS["tea"][1]]
    assert all_pinned(["tea#Milk", "tea#Tea"], CLAIMS) == []
