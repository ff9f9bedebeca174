"""A translated sentence is held against its English one: figures, units, names, denials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from answer.faithful import Faithful, FaithfulError, number
from answer.translated import load_translations
from ingest.faq import load_entries
from ingest.vocabulary import Vocabulary
from settings import ROOT

FAQ = ROOT / "corpus" / "faq"
LEAST_KEPT = 0.9

ENGLISH = "In a US trial of 158 adults, 26.7% relapsed on esketamine within four weeks, and 45.3% did not on placebo."
GERMAN = (
    "In einer US-Studie mit 158 Erwachsenen erlitten 26,7 % unter Esketamin innerhalb von vier Wochen einen Rückfall, "
    "und 45,3 % unter Placebo nicht."
)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load(ROOT / "corpus" / "vocabulary.toml")


@pytest.fixture(scope="module")
def faithful(vocabulary: Vocabulary) -> Faithful:
    return Faithful.load(vocabulary)


def test_a_faithful_translation_passes(faithful: Faithful) -> None:
    assert faithful.failure(ENGLISH, GERMAN, "de") == ""


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        ("26,7", "27,6", "numbers"),
        ("158", "185", "numbers"),
        ("vier Wochen", "fünf Wochen", "numbers"),
        ("vier Wochen", "vier Monaten", "numbers"),
        ("vier Wochen", "wenigen Wochen", "numbers"),
        ("26,7 %", "26,7", "numbers"),
        ("und 45,3 % unter Placebo nicht", "und unter Placebo nicht", "numbers"),
        (" nicht.", ".", "negation"),
        ("Esketamin", "Ketamin", "names"),
        ("Esketamin", "Sertralin", "names"),
        ("Placebo nicht.", "Placebo und Sertralin nicht.", "names"),
        ("nicht.", "nicht, siehe https://example.org.", "form"),
        ("nicht.", "nicht. Rufen Sie 0800 555 0199 an.", "numbers"),
        ("nicht.", "nicht?", "form"),
        ("nicht.", "nicht." + " Das ist eine gute Behandlung." * 9, "length"),
    ],
)
def test_a_changed_figure_unit_name_or_denial_fails(faithful: Faithful, old: str, new: str, check: str) -> None:
    assert old in GERMAN
    assert faithful.failure(ENGLISH, GERMAN.replace(old, new), "de") == check


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "La dosis fue de 0,5 mg/kg durante 40 minutos, en dos tercios de las personas."),
        ("fr", "La dose était de 0,5 mg/kg pendant 40 minutes, chez les deux tiers des personnes."),
        ("it", "La dose era di 0,5 mg/kg per 40 minuti, in due terzi delle persone."),
        ("pt", "A dose foi de 0,5 mg/kg durante 40 minutos, em dois terços das pessoas."),
        ("el", "Η δόση ήταν 0,5 mg/kg για 40 λεπτά, στα δύο τρίτα των ανθρώπων."),
        ("ar", "كانت الجرعة 0.5 mg/kg لمدة 40 دقيقة، لدى اثنين من كل ثلاثة أشخاص."),
    ],
)
def test_a_dose_keeps_its_number_its_unit_and_what_it_is_measured_by(
    faithful: Faithful, language: str, text: str
) -> None:
    english = "The dose was 0.5 mg/kg over 40 minutes, in two thirds of people."
    if language != "ar":
        assert faithful.failure(english, text, language) == ""
    for old, new in (("0,5", "5"), ("0.5", "5"), ("/kg", ""), ("mg/kg", "ml/kg"), ("40", "14")):
        if old in text:
            assert faithful.failure(english, text.replace(old, new, 1), language) == "numbers"


@pytest.mark.parametrize("language", ["de", "el", "es", "fr", "it", "pt"])
def test_most_sentences_that_people_translated_pass_and_none_with_another_number(
    faithful: Faithful, language: str
) -> None:
    originals = {entry.meta.id: entry for entry in load_entries(FAQ)[0]}
    pairs = [
        (english.text, own.text)
        for entry in load_translations(FAQ)[0][language][::4]
        for english, own in zip(originals[entry.meta.id].sentences, entry.sentences, strict=True)
    ]
    failures = Counter(faithful.failure(english, own, language) for english, own in pairs)
    assert failures[""] >= LEAST_KEPT * len(pairs)
    for english, own in pairs:
        if figure := next((part for part in own.split() if part.isdigit()), None):
            assert faithful.failure(english, own.replace(figure, figure + "1", 1), language) != ""


def test_signs_for_thousands_and_decimals_are_the_languages_own() -> None:
    assert number("1,234.5", english=True) == number("1.234,5", english=False) == 1234.5
    assert number("868\u202f000", english=False) == number("868,000", english=True) == 868_000
    assert number("5.5", english=False) == number("5,5", english=False) == 5.5


def test_the_figures_of_a_question_have_to_stay_too(faithful: Faithful) -> None:
    asked = "Hilft Ketamin nach 1,5 Tagen?"
    assert faithful.keeps_numbers(asked, "Does ketamine help after 1.5 days?", "de")
    assert not faithful.keeps_numbers(asked, "Does ketamine help after 15 days?", "de")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "can't be read"),
        ("[de", "not valid TOML"),
        ('[de]\nname = "German"\n', "de.numbers"),
        ("", r"lacks \[en\]"),
    ],
)
def test_word_lists_that_cannot_be_used_are_named(
    write: Callable[[str, str], Path], tmp_path: Path, vocabulary: Vocabulary, text: str | None, complaint: str
) -> None:
    path = tmp_path / "lists.toml" if text is None else write("lists.toml", text)
    with pytest.raises(FaithfulError, match=f"lists.toml.*{complaint}"):
        Faithful(vocabulary, {}, path)
