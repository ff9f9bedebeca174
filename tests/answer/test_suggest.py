"""Questions to offer: those of an empty page, and follow-ups that were not asked yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from answer.suggest import Suggestions
from settings import ROOT

ROWS = """
[[suggestion]]
text = "How much does it cost?"
topics = ["cost"]
first = true
[[suggestion]]
text = "Does insurance pay for treatment?"
topics = ["cost"]
[[suggestion]]
text = "Can I drive home afterwards?"
topics = ["driving"]
[[suggestion]]
text = "Which side effects are common?"
topics = ["safety", "cost"]
[[suggestion]]
text = "Who should avoid this medicine?"
topics = ["safety"]
"""


@pytest.fixture
def suggestions(write: Callable[[str, str], Path]) -> Suggestions:
    return Suggestions(write("suggestions/en.toml", ROWS).parent, "en")


def test_an_empty_page_offers_only_the_first_questions(suggestions: Suggestions) -> None:
    assert suggestions.first() == ["How much does it cost?"]
    assert len(suggestions.all()) == 5


def test_follow_ups_speak_to_the_topics_most_wanted_first(suggestions: Suggestions) -> None:
    assert suggestions.follow_ups(["driving", "safety"], []) == [
        "Can I drive home afterwards?",
        "Which side effects are common?",
        "Who should avoid this medicine?",
    ]


def test_there_are_never_more_than_three_follow_ups(suggestions: Suggestions) -> None:
    assert len(suggestions.follow_ups(["cost", "driving", "safety"], [])) == 3


@pytest.mark.parametrize("asked", ["How much does it cost?", "how much does IT cost", "How much does it cost for me?"])
def test_what_was_asked_is_not_offered_again(suggestions: Suggestions, asked: str) -> None:
    assert "How much does it cost?" not in suggestions.follow_ups(["cost"], [asked])


def test_an_unknown_topic_offers_nothing(suggestions: Suggestions) -> None:
    assert suggestions.follow_ups(["astronomy"], []) == []
    assert suggestions.follow_ups([], []) == []


def test_a_language_without_suggestions_gets_the_english_ones(write: Callable[[str, str], Path]) -> None:
    folder = write("suggestions/en.toml", ROWS).parent
    assert Suggestions(folder, "fr").all() == Suggestions(folder, "en").all()


def test_a_misspelt_field_is_refused(write: Callable[[str, str], Path]) -> None:
    folder = write("suggestions/en.toml", '[[suggestion]]\ntext = "Why?"\ntopic = ["cost"]\n').parent
    with pytest.raises(ValidationError):
        Suggestions(folder, "en")


def test_the_suggestions_that_ship_are_all_different() -> None:
    shipped = Suggestions(ROOT / "prompts" / "suggestions", "en")
    assert len(set(shipped.all())) == len(shipped.all())
    assert len(shipped.first()) >= 3
