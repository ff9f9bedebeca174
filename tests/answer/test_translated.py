"""FAQ entries in other languages: found by spelling, held against the English entry, offered where none matches."""

from collections.abc import Callable
from pathlib import Path

import pytest

from answer.engine import Engine
from answer.schema import Question
from answer.translated import Translations, load_translations, mismatches
from ingest.faq import load_entries
from settings import ROOT

FAQ = ROOT / "corpus" / "faq"
Write = Callable[[str, str], Path]
LANGUAGES = ("de", "el", "es", "fr", "it", "pt")


@pytest.fixture(scope="module")
def translations() -> Translations:
    return Translations(load_translations(FAQ)[0])


def entry(id: str, language: str, question: str, sentence: str = "Ein Satz. [a]") -> str:
    return f"---\nid: {id}\nlanguage: {language}\nquestions:\n  - {question}\n---\n{sentence}\n"


def test_the_translations_that_ship_can_all_be_read_and_follow_their_english_entries() -> None:
    translated, problems = load_translations(FAQ)
    assert problems == []
    assert sorted(translated) == list(LANGUAGES)
    assert mismatches(translated, {e.meta.id: e for e in load_entries(FAQ)[0]}) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phrasing_finds_its_own_entry_and_the_language_is_told(translations: Translations, language: str) -> None:
    entries = load_translations(FAQ)[0][language]
    found = [(e.meta.id, translations.find(e.meta.questions[0], language).match) for e in entries]
    assert sum(match is not None and match.id == id for id, match in found) >= 0.97 * len(found)
    told = [translations.language_of(e.meta.questions[0]) for e in entries]
    assert told.count(language) >= 0.97 * len(told)


def test_accents_and_a_slip_do_not_hide_an_entry(translations: Translations) -> None:
    asked = load_translations(FAQ)[0]["es"][0].meta.questions[0]
    bare = asked.lower().translate(str.maketrans("áéíóúñ¿?", "aeioun  ")).replace("ketamina", "ketamna", 1)
    assert bare != asked
    match = translations.find(bare, "es").match
    assert match is not None
    assert match.id == load_translations(FAQ)[0]["es"][0].meta.id


@pytest.mark.parametrize("text", ["Was kostet ein neues Fahrrad?", "Wie wird das Wetter morgen in Köln?"])
def test_a_question_about_something_else_gets_no_answer_but_is_offered_the_closest(
    translations: Translations, text: str
) -> None:
    found = translations.find(text, "de")
    assert found.match is None
    assert len(found.near) == 3


def test_a_language_without_entries_finds_nothing(translations: Translations) -> None:
    found = translations.find("Hoe snel werkt ketamine?", "nl")
    assert (found.match, found.near) == (None, ())


def test_two_entries_that_are_about_as_close_are_not_guessed_between(write: Write) -> None:
    write("de/a.md", entry("a", "de", "Wie lange wirkt eine Infusion mit Ketamin"))
    folder = write("de/b.md", entry("b", "de", "Wie lange wirkt eine Infusion mit Ketamin?!")).parent.parent
    (folder / "de" / "b.md").write_text(entry("b", "de", "Wie lange wirkt die Infusion mit Ketamin"), encoding="utf-8")
    found = Translations(load_translations(folder)[0]).find("Wie lange wirkt Infusion mit Ketamin", "de")
    assert found.match is None
    assert len(found.near) == 2


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (entry("nobody", "de", "Wie schnell?"), "there is no English entry 'nobody'"),
        (entry("a", "de", "Wie schnell?", "Ein Satz. [b]"), "sentences and sources differ from a.md"),
        (entry("a", "de", "Wie schnell?", "Ein Satz. [a]\nNoch einer. [a]"), "sentences and sources differ from a.md"),
        (entry("a", "fr", "Wie schnell?"), "must be 'de' in this folder"),
    ],
)
def test_a_translation_that_strays_from_its_entry_is_told(write: Write, text: str, complaint: str) -> None:
    folder = write("a.md", entry("a", "en", "How fast?", "A sentence. [a]")).parent
    write("de/a.md", text)
    english = {e.meta.id: e for e in load_entries(folder)[0]}
    [problem] = mismatches(load_translations(folder)[0], english)
    assert complaint in problem.message
    assert problem.path.name == "a.md"


def test_a_translated_answer_has_english_quotes_and_says_that_nobody_reviewed_it(engine: Engine) -> None:
    asked = load_translations(FAQ)[0]["es"]
    answers = [engine.ask(Question(text=e.meta.questions[0])) for e in asked[:12]]
    answered = [answer for answer in answers if answer.composer == "faq"]
    assert len(answered) >= 9
    for answer in answered:
        assert answer.language == "es"
        assert {"language", "translated"} <= {notice.id for notice in answer.notices}
        views = {c.source_id: engine.source(c.source_id) for c in answer.citations}
        assert all(
            (v := views[c.source_id]) and any(c.quote in claim.text for claim in v.claims) for c in answer.citations
        )


def test_the_language_of_the_words_comes_before_that_of_the_page(engine: Engine) -> None:
    asked = load_translations(FAQ)[0]["de"][0].meta.questions[0]
    assert engine.ask(Question(text=asked, language="en")).language == "de"
