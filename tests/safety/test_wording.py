"""Wording: every text is there, fills its fields, and stays short, plain and honest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from safety.wording import Wording, WordingError

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"
FIELDS = {
    "missing": "tinnitus", "clinic": "The clinic", "contact": "555-0100", "country": "Canada", "phone": "555-0100",
    "email": "hello@clinic.example", "hours": "9-17",
}  # fmt: skip
MESSAGES = (
    "crisis", "crisis_other", "emergency", "misuse", "injection", "abuse", "off_topic", "no_evidence",
    "no_evidence_clinic", "empty", "too_long", "unreadable", "person",
)  # fmt: skip
NOTICES = (
    "ask_your_clinician", "check_in", "other_country", "language", "clinic_source", "crisis_follow_up", "under_18",
    "off_label", "off_label_approved", "weigh_harms",
)  # fmt: skip


@pytest.fixture(scope="module")
def english() -> Wording:
    return Wording(PROMPTS, "en")


def every_text(wording: Wording) -> list[str]:
    messages = [wording.message(id, **FIELDS) for id in MESSAGES]
    return messages + [wording.notice(id, **FIELDS) for id in NOTICES]


def prompts(folder: Path, **files: str) -> Path:
    for kind in ("messages", "notices"):
        (folder / kind).mkdir()
        for language, text in files.items():
            (folder / kind / f"{language}.toml").write_text(text, encoding="utf-8")
    return folder


def test_every_text_is_there_and_leaves_no_field_open(english: Wording) -> None:
    assert not [text for text in every_text(english) if not text or re.search(r"[{}\\\n]", text)]


def test_texts_make_no_promise(english: Wording) -> None:
    promise = re.compile(
        r"\b(guarantee|promise|will (help|cure|work|be (fine|ok|okay))|definitely|always works)\b", re.I
    )
    assert not [text for text in every_text(english) if promise.search(text)]


def test_sentences_are_short(english: Wording) -> None:
    for text in every_text(english):
        sentences = [s for s in re.split(r"(?<=[.?!])\s+", text) if s]
        words = len(text.split())
        assert words / len(sentences) <= 20, text
        assert words <= 100, text


def test_the_crisis_message_begins_with_calling_and_says_what_the_assistant_is(english: Wording) -> None:
    text = english.message("crisis")
    assert text.startswith("Please call or text")
    assert "a person will listen" in text.lower()
    assert "automated assistant" in text


def test_the_emergency_message_names_the_emergency_number_at_once(english: Wording) -> None:
    assert "emergency number" in " ".join(english.message("emergency").split()[:15])


def test_the_misuse_message_holds_no_detail(english: Wording) -> None:
    assert not re.search(r"\d|\bmg\b|inject|snort|powder", english.message("misuse"))


def test_fields_are_filled_in(english: Wording) -> None:
    assert "tinnitus" in english.message("no_evidence", missing="tinnitus", clinic="We", contact="555-0100")


def test_a_missing_field_is_named(english: Wording) -> None:
    with pytest.raises(WordingError, match="clinic, contact"):
        english.message("no_evidence", missing="tinnitus")


def test_a_missing_id_names_the_file_to_add_it_to(english: Wording) -> None:
    with pytest.raises(WordingError, match=r"'nothing'.*notices/en\.toml"):
        english.notice("nothing")


def test_a_language_without_a_file_falls_back_to_english(english: Wording) -> None:
    assert Wording(PROMPTS, "zz").message("crisis") == english.message("crisis")


def test_a_language_overrides_what_it_has_and_borrows_the_rest(tmp_path: Path) -> None:
    wording = Wording(prompts(tmp_path, en='a = "one"\nb = "two"', fr='a = "un"'), "fr")
    assert (wording.message("a"), wording.message("b")) == ("un", "two")


@pytest.mark.parametrize("text", ["a = ", "a = 3", 'a = ""'])
def test_a_mistake_names_the_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(WordingError, match=r"messages/en\.toml"):
        Wording(prompts(tmp_path, en=text), "en")


def test_missing_wording_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WordingError, match="can't be read"):
        Wording(tmp_path, "en")


def test_the_misuse_message_says_why_in_one_sentence_that_rests_on_claims(english: Wording) -> None:
    why = english.message("misuse").replace(english.message("misuse", reasoned=False), "")
    assert "adds risk" in english.message("misuse")
    assert "adds risk" not in english.message("misuse", reasoned=False)
    assert why.count(".") <= english.message("misuse").count(".")
    assert all("#" in pin for pin in english.claims("misuse"))


def test_a_reader_under_18_is_pointed_to_a_parent_and_a_doctor(english: Wording) -> None:
    text = english.notice("under_18")
    assert "parent" in text
    assert "doctor" in text


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('a.text = "one {why}"', "a.why"),
        ('a.text = "one"\na.why = "two"', "a.why"),
        ('a.text = "one {why}"\na.why = "two"\na.claims = ["card"]', "a.claims"),
        ('a.text = "one"\na.colour = "red"', "a.colour"),
    ],
)
def test_a_mistake_in_a_reason_names_the_field(tmp_path: Path, text: str, field: str) -> None:
    with pytest.raises(WordingError, match=rf"messages/en\.toml: {re.escape(field)}"):
        Wording(prompts(tmp_path, en=text), "en")
