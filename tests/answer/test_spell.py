"""Slips of the keyboard are mended for search; words that people mean stay as they are."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from answer.language import is_english, is_english_mended
from answer.schema import Question
from answer.slips import Slips, SlipsError
from answer.sounds import slip_cost, sound_of
from answer.spell import Speller
from evals.rows import read_rows
from ingest.vocabulary import Term, Vocabulary
from settings import ROOT

QUESTIONS = ROOT / "evals" / "questions"
MISSPELT = QUESTIONS / "misspelt.jsonl"

TEXTS = ["Blood pressure rises after ketamine.", "Blood pressure is checked.", "Depression and its treatment."] * 3


@pytest.fixture
def speller() -> Speller:
    return Speller(TEXTS, [], Vocabulary([Term(name="esketamine", kind="drug", words=("Spravato",))]))


@pytest.fixture
def real(engine: Any) -> Speller:
    with engine._index.reading() as generation:
        found: Speller = engine._lookup(generation).speller
    return found


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


def test_a_long_text_of_strange_words_stays_as_it_was_typed(speller: Speller) -> None:
    text = " ".join(f"presure{letter}{other}" for letter in "abcdefgh" for other in "abcdefgh")
    assert speller.mend(text) == text


def test_the_commonest_of_several_near_words_is_taken() -> None:
    speller = Speller(["dosing dosing dosing " * 9 + "dozing dozing"], [], Vocabulary([]))
    assert speller.mend("doxing") == "dosing"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("is their a genrik spravato yett", "is there a generic spravato yet"),
        ("wat doos ov ketamin in the big trile", "what does of ketamine in the big trial"),
        ("dose insurence pay for estketamene", "does insurance pay for esketamine"),
        ("howlong is the infusion", "how long is the infusion"),
        ("ivketamine or spray", "iv ketamine or spray"),
        ("is keta mine safe", "is ketamine safe"),
        ("spra vato schedule", "spravato schedule"),
        ("loraz a pam and ketomine", "lorazepam and ketamine"),
        ("i feel nauseus after a seesion", "i feel nauseous after a session"),
        ("depreshun an anxity", "depression an anxiety"),
        ("siliosibin or keteminn", "psilocybin or ketamine"),
        ("keatmine infushun", "ketamine infusion"),
        ("three times a weak", "three times a week"),
        ("can you explane the KADS trail", "can you explain the kads trial"),
    ],
)
def test_heavy_slips_are_mended_with_the_words_of_the_real_corpus(real: Speller, typed: str, meant: str) -> None:
    assert real.mend(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        "Can I take bupropion with ketamine?",
        "Can I take buspirone with ketamine?",
        "quetiapine or ketamine",
        "esketamine or ketamine or arketamine",
        "Does ketamine help tinnitus?",
        "Can I fly a helicopter in Zurich?",
        "ketoconazole shampoo and ketotifen drops",
        "What did the KETAVITA trial by Valdenburg find?",
        "ketaprexin for depression",
        "What dose of ketamine is used?",
        "dose of spravato for adults",
        "Is their doctor right about the heart?",
        "a weak effect on depression",
        "trail running after ketamine",
        "deferring a dose",
        "he stammers",
        "0.5 mg or 84 mg",
        "psilocybin",
    ],
)
def test_other_words_names_and_numbers_are_never_mended_into_something_else(real: Speller, text: str) -> None:
    assert real.mend(text) == text


@pytest.mark.parametrize(("typed", "meant"), [("exzema", "eczema"), ("psoriosis", "psoriasis")])
def test_a_slip_in_a_condition_that_the_corpus_lacks_is_not_turned_into_another(
    real: Speller, typed: str, meant: str
) -> None:
    assert real.mend(f"does ketamine help {typed}") == f"does ketamine help {meant}"


def test_a_wilder_slip_is_mended_only_among_others(real: Speller) -> None:
    assert real.mend("is my blaiter okay") == "is my blaiter okay"
    assert real.mend("dus my blaiter hert alot") == "does my bladder hurt a lot"


def test_mending_again_changes_nothing(real: Speller) -> None:
    for row in read_rows(MISSPELT):
        once = real.mend(row["question"])
        assert real.mend(once) == once


def test_rightly_spelt_questions_stay_as_they_are(real: Speller) -> None:
    rows = [row for row in read_rows(QUESTIONS / "coverage.jsonl") if real.mend(row["question"]) != row["question"]]
    assert len(rows) < 12


@pytest.mark.parametrize(
    "text",
    [
        "wen was ketermeen invented and hoo by",
        "dus ketamin werk for cocane adicshun",
        "is keta mine safe in preg nancy",
    ],
)
def test_misspelt_english_is_english(engine: Any, text: str) -> None:
    answer = engine.ask(Question(text=text))
    assert answer.outcome == "answered" or answer.message.id != "other_language"


@pytest.mark.parametrize(
    "text",
    [
        "helpt esketamine tegen depressie",
        "wat kost een behandeling met ketamine",
        "puedo conducir despues de spravato",
        "combien coute une perfusion de ketamine",
        "kann ketamin depresion heilen",
    ],
)
def test_another_language_is_not_mended_into_english(real: Speller, text: str) -> None:
    assert not is_english(text, real.used, real.right)
    assert not is_english_mended(real.mend(text), real.used, real.small)


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


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ketomine", "ketamine"),
        ("ketermin", "ketamine"),
        ("siliosibin", "psilocybin"),
        ("infushun", "infusion"),
        ("depreshun", "depression"),
        ("presher", "pressure"),
        ("pashent", "patient"),
    ],
)
def test_a_word_spelt_by_ear_sounds_like_the_right_one(typed: str, meant: str) -> None:
    assert sound_of(typed) == sound_of(meant)


def test_a_wrong_vowel_is_likelier_than_a_strange_letter() -> None:
    assert slip_cost("ketamine", "ketamine") == 0
    assert slip_cost("ketomine", "ketamine") < slip_cost("ketapine", "ketamine")
    assert slip_cost("keatmine", "ketamine") < 1 < slip_cost("quetiapine", "ketamine")


def test_a_hopeless_comparison_is_cut_short() -> None:
    assert slip_cost("abcdefgh", "stuvwxyz", most=1.0) > 1.0


def test_a_file_of_slips_that_cannot_be_used_says_which_and_why(tmp_path: Path) -> None:
    with pytest.raises(SlipsError, match=r"missing\.toml"):
        Slips.read(path=tmp_path / "missing.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text('glue = "a"\nplain = ""\n[words]\nteh = 3\n', encoding="utf-8")
    with pytest.raises(SlipsError, match="teh"):
        Slips.read(path=broken)


def test_the_misspelt_questions_name_their_sources() -> None:
    rows = read_rows(MISSPELT)
    answerable = [row for row in rows if row["answerable"]]
    assert len(answerable) >= 120
    assert len(rows) - len(answerable) >= 40
    assert all(row["expect_sources"] for row in answerable)
