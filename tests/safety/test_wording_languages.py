"""Wording in other languages: each file says all that English says, in its own words, and invents no number."""

import re
import string
import tomllib
from pathlib import Path

import pytest

from safety.wording import Wording

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"
KINDS = ("messages", "notices")
FIELDS = {
    "missing": "“tinnitus”", "clinic": "Harbour Clinic", "contact": "555 0100", "country": "Canada",
    "phone": "555 0100", "email": "a@b.example", "hours": "9-17",
}  # fmt: skip
EMERGENCY_NUMBER = {
    "ar": "برقم الطوارئ",
    "de": "Notrufnummer",
    "el": "αριθμό έκτακτης ανάγκης",
    "es": "número de emergencias",
    "fr": "numéro d’urgence",
    "it": "numero di emergenza",
    "pt": "número de emergência",
}
HELP_FIRST = ("crisis", "crisis_other", "emergency")
LANGUAGES = sorted({path.stem for kind in KINDS for path in (PROMPTS / kind).glob("*.toml")} - {"en"})


def texts(kind: str, language: str) -> dict[str, str]:
    """All texts by id; the reason of a message as "id.why"."""
    found: dict[str, str] = {}
    for id, value in tomllib.loads((PROMPTS / kind / f"{language}.toml").read_text(encoding="utf-8")).items():
        table = value if isinstance(value, dict) else {"text": value}
        found[id] = table["text"]
        if "why" in table:
            found[f"{id}.why"] = table["why"]
    return found


def every_text(language: str) -> dict[str, str]:
    return texts("messages", language) | texts("notices", language)


def fields(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.?!;؟])\s+", text.strip())


def test_the_languages_are_there() -> None:
    assert set(EMERGENCY_NUMBER) <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_language_has_every_text_of_english_and_no_other(kind: str, language: str) -> None:
    assert texts(kind, language).keys() == texts(kind, "en").keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_has_the_fields_of_the_english_one(language: str) -> None:
    english = every_text("en")
    assert {id: fields(text) for id, text in every_text(language).items()} == {
        id: fields(text) for id, text in english.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_left_out(language: str) -> None:
    english = every_text("en")
    counts = {id: len(sentences(text)) for id, text in every_text(language).items()}
    assert counts == {id: len(sentences(text)) for id, text in english.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_or_sentence_is_left_in_english(language: str) -> None:
    english = {sentence for text in every_text("en").values() for sentence in sentences(text)}
    assert not [s for text in every_text(language).values() for s in sentences(text) if s in english]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_texts_are_the_same(language: str) -> None:
    own = list(every_text(language).values())
    assert len(own) == len(set(own))


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_is_told_without_numbers_of_its_own(language: str) -> None:
    own = every_text(language)
    assert not [id for id in (*HELP_FIRST, "check_in", "crisis_follow_up") if re.search(r"\d", own[id])]


@pytest.mark.parametrize(("language", "words"), EMERGENCY_NUMBER.items())
def test_help_names_the_emergency_number(language: str, words: str) -> None:
    own = every_text(language)
    assert not [id for id in HELP_FIRST if words not in own[id]]
    assert words in " ".join(sentences(own["emergency"])[:2])
    assert words in sentences(own["crisis_other"])[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_about_as_short_as_in_english(language: str) -> None:
    english, own = every_text("en"), every_text(language)
    words_of_contact = {"contact_phone", "contact_email", "contact_hours"}
    alike = (
        own.keys() - {"other_language"} - words_of_contact
    )  # Says more than the English one: that translated answers exist.
    assert not [id for id in alike if len(own[id]) > 1.5 * len(english[id])]


@pytest.mark.parametrize("language", LANGUAGES)
def test_readers_get_one_line_without_open_fields(language: str) -> None:
    wording, english = Wording(PROMPTS, language), Wording(PROMPTS, "en")
    ids = [id for id in texts("messages", "en") if not id.endswith(".why")]
    shown = [(wording.message(id, **FIELDS), english.message(id, **FIELDS)) for id in ids]
    shown += [(wording.notice(id, **FIELDS), english.notice(id, **FIELDS)) for id in texts("notices", "en")]
    assert not [own for own, _ in shown if re.search(r"[{}\\\n]|  ", own)]
    assert not [own for own, in_english in shown if own == in_english]


def test_arabic_keeps_names_and_phone_numbers_in_their_own_direction() -> None:
    isolated = {f"\u2068{{{name}}}\u2069" for name in FIELDS}
    found = {match for text in every_text("ar").values() for match in re.findall(r".?\{\w+\}.?", text)}
    assert found - {" {why} "} == isolated


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translated_reason_rests_on_the_claims_of_the_english_one(language: str) -> None:
    pins = Wording(PROMPTS, "en").claims("misuse")
    assert pins
    assert Wording(PROMPTS, language).claims("misuse") == pins


SPEAKS_OF_SUICIDE = {
    "ar": "الانتحار", "de": "Suizid", "el": "αυτοκτονία", "en": "suicide", "es": "suicidio", "fr": "suicide",
    "it": "suicidio", "pt": "suicídio",
}  # fmt: skip


@pytest.mark.parametrize(("language", "word"), SPEAKS_OF_SUICIDE.items())
def test_a_worried_person_is_told_that_asking_directly_is_all_right(language: str, word: str) -> None:
    assert word in texts("messages", language)["crisis_other"]


INFORMAL = {
    "de": r"\b(?:du|dir|dich|dein\w*)\b", "fr": r"\b(?:tu|toi|ton|tes)\b", "es": r"\b(?:tú|tienes|puedes|tu)\b",
    "it": r"\b(?:tu|tuo|tua|puoi)\b", "el": r"\b(?:εσύ|σου|μπορείς)\b",
}  # fmt: skip


@pytest.mark.parametrize(("language", "words"), INFORMAL.items())
def test_readers_are_addressed_formally(language: str, words: str) -> None:
    assert not [id for id, text in every_text(language).items() if re.search(words, text, re.I)]
