"""The widget's words: every language says all that English says, and the script uses every one of them."""

from __future__ import annotations

import re
import string

import pytest

from safety.triage import Triager
from safety.wording import Wording
from service.widget.script import FILE
from settings import ROOT
from tests.widget_words import LANGUAGES, own_words

ENGLISH = own_words("en")
BY_VALUE = ("help_title_", "provenance_", "evidence_", "confidence_")
"""Words whose id ends with a value of the answer."""


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_word_with_the_same_fields(language: str) -> None:
    own = own_words(language)
    assert own.keys() == ENGLISH.keys()
    assert {id: fields(text) for id, text in own.items()} == {id: fields(text) for id, text in ENGLISH.items()}
    assert all(text.strip() for text in own.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_saying_that_one_is_safe_is_understood(language: str) -> None:
    triager = Triager(ROOT / "safety" / "lexicons")
    history = ["I want to kill myself tonight"]
    assert triager.triage("And what does it cost?", history).outcome == "crisis"
    assert triager.triage(Wording(ROOT / "prompts", language).interface("widget_safe_now"), history).outcome is None


def test_the_script_and_the_words_know_each_other() -> None:
    code = FILE.read_text(encoding="utf-8")
    unused = {id for id in ENGLISH if not id.startswith(BY_VALUE) and not re.search(rf"\b{id}\b", code)}
    assert unused == set()
    asked = set(re.findall(r'this\.t\("([a-z_]+)"', code)) | set(re.findall(r'Trouble\("([a-z_]+)"', code))
    assert asked <= ENGLISH.keys()
