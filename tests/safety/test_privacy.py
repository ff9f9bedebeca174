"""What identifies a person is taken out of a text; what belongs to an ordinary question stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.measure_privacy import SETS, Measured, measure
from evals.rows import read_rows
from safety.privacy import PrivacyRulesError, Redactor, redact, restore
from settings import ROOT

IDENTIFIED = {
    "I'm Maria Papadopoulou, does it hurt?": "I'm [name], does it hurt?",
    "my name is tom becket and i sleep badly": "my name is [name] and i sleep badly",
    "Patient Garcia, Lucia, MRN 5520-917": "Patient [name], MRN [record number]",
    "Call +30 694 555 0148 or (415) 555-0198.": "Call [phone] or [phone 2].",
    "Write to ana@example.org, yes, ana@example.org": "Write to [email], yes, [email]",
    "born 14 May 1982, now depressed": "born [date of birth], now depressed",
    "I live at 17 Orchard Close, Leeds LS1 4AP": "I live at [address], Leeds [address 2]",
    "policy number AB-4471-9902": "policy number [insurance number]",
    "SSN 123-45-6789": "SSN [id number]",
    "my ip is 203.0.113.9": "my ip is [ip address]",
    "card 4242 4242 4242 4242": "card [card number]",
}
LEFT = [
    "Is 0.5 mg/kg over 40 minutes usual, or 56 mg and 84 mg?",
    "What did Zarate 2006, the Fava study and Dr Berman's trial find?",
    "Do Hamilton, Montgomery–Åsberg, Beck, Young Mania and Columbia agree?",
    "Can I take Zoloft, Yaz or Spravato? I'm in Leeds and I'm 45.",
    "NCT01234567, doi 10.1176/appi.ajp.2020.20081251, 64% of 1,554 people in 2019",
    "Call 988, 116 123 or 1-800-222-1222",
    "What did Matthew Perry die of?",
]


@pytest.fixture(scope="module")
def half_a() -> Measured:
    rows = (read_rows(SETS / name) for name in ("messages.jsonl", "ordinary.jsonl"))
    return measure(*([row for row in own if row["half"] == "a"] for own in rows))


@pytest.mark.parametrize(("text", "wanted"), IDENTIFIED.items())
def test_identifiers_give_way_to_placeholders(text: str, wanted: str) -> None:
    assert redact(text).text == wanted


@pytest.mark.parametrize("text", LEFT)
def test_an_ordinary_question_stays_as_it_is(text: str) -> None:
    assert redact(text).text == text


def test_only_who_has_the_original_can_restore_it() -> None:
    text = "I'm Maria Papadopoulou, not Nikos Georgiou"
    redacted = redact(text)
    assert redacted.text == "I'm [name], not [name 2]"
    assert restore("Hello [name], [name 2] and [name 3]", text, redacted.found) == (
        "Hello Maria Papadopoulou, Nikos Georgiou and [name 3]"
    )
    assert "Maria" not in repr(redacted)


def test_a_placeholder_that_the_reader_typed_is_nobody_s() -> None:
    redacted = redact("[name] is what forms say. My name is Maria Georgiou")
    assert redacted.text == "[name] is what forms say. My name is [name 2]"


def test_what_is_looked_up_lacks_the_introduction_too() -> None:
    assert redact("My name's Oliver Grant, tel (415) 555-0198. Is it painful?").bare == "Is it painful?"
    assert redact("My son Max takes lithium. Is esketamine safe?").bare.startswith("My son takes lithium.")


def test_a_lone_identifier_leaves_nothing_to_look_up() -> None:
    assert redact("+1 202 555 0111").bare == ""


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_is_redacted_once_and_can_be_restored(text: str) -> None:
    once = redact(text)
    assert restore(once.text, text, once.found) == text
    assert [text[i.start : i.end] for i in once.found] == [text[i.start : i.end].strip("\n") for i in once.found]
    assert all(a.end <= b.start for a, b in zip(once.found, once.found[1:], strict=False))


def test_most_identifiers_of_every_kind_and_language_are_found(half_a: Measured) -> None:
    few = {name: hits for name, hits in (half_a.kinds | half_a.languages).items() if sum(hits) < 0.93 * len(hits)}
    assert few == {}


def test_ordinary_messages_with_drugs_scales_and_authors_are_not_touched(half_a: Measured) -> None:
    assert half_a.false == []


def test_the_sets_hold_what_their_readme_says() -> None:
    messages, ordinary = (read_rows(SETS / name) for name in ("messages.jsonl", "ordinary.jsonl"))
    assert len(messages) >= 300 and len(ordinary) >= 200
    assert {row["lang"] for row in messages} == {"en", "el", "es", "fr", "de", "pt", "it", "ar"}


def test_a_broken_rule_is_named(tmp_path: Path) -> None:
    for name in ("privacy.toml", "names.toml"):
        text = (ROOT / "safety" / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("[given]", "[surnames]"), encoding="utf-8")
    with pytest.raises(PrivacyRulesError, match="given"):
        Redactor.load(ROOT / "corpus", tmp_path)
    (tmp_path / "privacy.toml").write_text("[", encoding="utf-8")
    with pytest.raises(PrivacyRulesError, match=r"privacy\.toml: not valid TOML"):
        Redactor.load(ROOT / "corpus", tmp_path)
