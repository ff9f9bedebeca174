"""The engine: what happens to each kind of question, from a cry for help to an empty line."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from answer.engine import Engine
from answer.follow import LiveIndex
from answer.schema import Answer, Question
from answer.suggest import Suggestions
from ingest.corpus import ingest_paths
from ingest.embed import Embedder, identify
from ingest.generation import IndexFolder
from ingest.vocabulary import Vocabulary
from settings import ROOT, Settings

SUGGESTED = Suggestions(ROOT / "prompts" / "suggestions", "en").all()
KEYS = (
    "id outcome language message sentences text citations notices help follow_ups confidence corpus_version composer "
    "checks labels timings_ms"
)
CITATION_KEYS = "number source_id title publisher year kind evidence provenance country url section quote passage_id"
HOURS = """---
id: clinic-hours
title: "Opening hours"
kind: clinic-information
provenance: clinic
---

# Opening hours

- We are open on weekdays from nine in the morning until five in the afternoon.
- The clinic is closed on public holidays.
"""
OpenClinic = Callable[[str], Engine]


def ask(engine: Any, text: str, **more: Any) -> Answer:
    answer: Answer = engine.ask(Question(text=text, **more))
    return answer


def message_id(answer: Answer) -> str:
    assert answer.message is not None
    return answer.message.id


def notice_ids(answer: Answer) -> list[str]:
    return [notice.id for notice in answer.notices]


@pytest.fixture(scope="module")
def open_clinic(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[OpenClinic]:
    """Opens an engine on a small corpus whose clinic has told its hours in the given words."""
    opened: list[Engine] = []

    def open_on(hours: str) -> Engine:
        folder = tmp_path_factory.mktemp("clinic")
        corpus = folder / "corpus"
        for name in ("literature", "clinic", "questions"):
            (corpus / name).mkdir(parents=True)
        for name in ("article.md", "crisis-lines.toml", "sections.toml", "vocabulary.toml"):
            shutil.copy(ROOT / "corpus" / name, corpus)
        for card in ("vankawala-2021-blood-pressure", "us-ketamine-price-guides", "lauritsen-2016-migraine"):
            shutil.copy(ROOT / "corpus" / "literature" / f"{card}.md", corpus / "literature")
        (corpus / "clinic" / "hours.md").write_text(hours, encoding="utf-8")
        settings = Settings(data_dir=folder / "data", corpus_dir=corpus, clinic_name="the Harbour Clinic")
        ingest_paths(settings, [], lambda: embedder)
        index = LiveIndex(IndexFolder(settings.data_dir / settings.collection), identify(settings.embedder))
        opened.append(Engine(settings, index, None, embedder, Vocabulary.load(corpus / "vocabulary.toml")))
        return opened[-1]

    yield open_on
    for engine in opened:
        engine.close()


@pytest.fixture(scope="module")
def clinic(open_clinic: OpenClinic) -> Engine:
    return open_clinic(HOURS)


# The answer object


def test_an_answer_has_exactly_the_documented_keys(engine: Any) -> None:
    data = ask(engine, "Does ketamine raise blood pressure?", id="q7").model_dump()
    assert list(data) == KEYS.split()
    assert set(data["citations"][0]) == set(CITATION_KEYS.split())
    assert set(data["sentences"][0]) == {"text", "citations"}
    assert (data["id"], data["language"]) == ("q7", "en")
    assert data["composer"] in ("extractive", "faq")
    assert data["corpus_version"]


def test_messages_notices_and_help_have_the_documented_keys(engine: Any) -> None:
    data = ask(engine, "I am going to kill myself tonight").model_dump()
    assert set(data) == set(KEYS.split())
    assert set(data["message"]) == {"id", "text", "citations"}
    assert set(data["help"]) == {"reason", "country", "emergency", "lines", "youth", "poison"}
    told = {"name", "number", "hours", "text", "url", "languages", "source_id", "sources", "checked", "called_on"}
    assert set(data["help"]["lines"][0]) == told
    notice = ask(engine, "Can I stop taking my sertraline before ketamine?").model_dump()["notices"][0]
    assert set(notice) == {"id", "text"}


def test_the_plain_text_holds_all_sentences_with_their_marks(engine: Any) -> None:
    answer = ask(engine, "Does ketamine raise blood pressure?")
    marked = (f"{s.text} {''.join(f'[{number}]' for number in s.citations)}" for s in answer.sentences)
    assert answer.text == " ".join(marked)
    assert answer.message is None


def test_answers_without_an_id_get_different_ones(engine: Any) -> None:
    assert ask(engine, "Is it safe?").id != ask(engine, "Is it safe?").id


def test_the_same_question_gets_the_same_answer(engine: Any) -> None:
    first, second = (ask(engine, "Is ketamine addictive?", id="same") for _ in range(2))
    assert first.model_dump(exclude={"timings_ms"}) == second.model_dump(exclude={"timings_ms"})


def test_the_time_of_each_step_is_told(engine: Any) -> None:
    answer = ask(engine, "Can I stop taking my sertraline before ketamine?")
    timings = answer.timings_ms
    assert answer.composer == "extractive"
    assert {"triage", "retrieve", "faq", "cover", "compose", "total"} <= timings.keys()
    assert timings["total"] >= timings["retrieve"]


# Help first


def test_a_plan_to_die_tonight_gets_the_crisis_lines_first(engine: Any) -> None:
    answer = ask(engine, "I am going to kill myself tonight")
    assert (answer.outcome, message_id(answer), answer.sentences) == ("crisis", "crisis", [])
    assert answer.help is not None
    assert (answer.help.reason, answer.help.country, answer.help.lines[0].number) == ("crisis", "US", "988")
    assert "988" in answer.text
    assert answer.follow_ups == []


def test_a_plan_to_die_beside_a_question_is_a_crisis_all_the_same(engine: Any) -> None:
    answer = ask(engine, "I want to die, and how long does ketamine last?")
    assert (answer.outcome, answer.sentences) == ("crisis", [])


def test_an_overdose_is_an_emergency_that_shows_crisis_lines_too(engine: Any) -> None:
    answer = ask(engine, "I took all my pills an hour ago because I want to die")
    assert (answer.outcome, message_id(answer)) == ("emergency", "emergency")
    assert "crisis" in answer.labels
    assert answer.help is not None
    assert answer.help.emergency == "911"
    assert answer.help.lines


@pytest.mark.parametrize(
    ("text", "country", "shown", "emergency"),
    [
        ("I want to kill myself, I live in Leeds", None, "GB", "999"),
        ("I want to kill myself, I live in Leeds", "US", "GB", "999"),
        ("I want to kill myself", "GR", "GR", "112"),
        ("I want to kill myself", "au", "AU", "000"),
        ("I want to kill myself", None, "US", "911"),
        ("I want to kill myself", "ZZ", "XX", None),
    ],
)
def test_help_is_of_the_country_that_the_reader_named(
    engine: Any, text: str, country: str | None, shown: str, emergency: str | None
) -> None:
    help_ = ask(engine, text, country=country).help
    assert help_ is not None
    assert help_.country == shown
    assert emergency in (None, help_.emergency)


def test_the_ordinary_part_follows_the_help_once_the_reader_asks_for_it(engine: Any) -> None:
    answer = ask(engine, "I want to die. How soon does ketamine help depression?", continue_after_help=True)
    assert answer.outcome == "crisis"
    assert answer.sentences
    assert all(sentence.citations for sentence in answer.sentences)
    assert answer.text.index("988") < answer.text.index(answer.sentences[0].text)


def test_a_crisis_lasts_until_the_reader_says_that_they_are_safe(engine: Any) -> None:
    before = ["I want to kill myself"]
    changed_subject = ask(engine, "How much does ketamine cost?", history=before)
    assert (changed_subject.outcome, changed_subject.sentences) == ("crisis", [])
    safe = ask(engine, "How much does ketamine cost?", history=[*before, "I am safe now"])
    assert safe.outcome == "answered"
    assert safe.help is not None
    assert safe.help.reason == "crisis"


def test_a_question_about_suicidality_is_answered_with_a_line_below(engine: Any) -> None:
    answer = ask(engine, "Does ketamine reduce suicidal thoughts?")
    assert (answer.outcome, answer.message) == ("answered", None)
    assert answer.help is not None
    assert answer.help.reason == "topic"
    assert "check_in" not in notice_ids(answer)
    assert "988" not in answer.text


@pytest.mark.parametrize("text", ["What is the capital of France?", "Write me a poem about the sea"])
def test_what_is_not_about_the_treatment_is_off_topic(engine: Any, text: str) -> None:
    answer = ask(engine, text)
    assert (answer.outcome, message_id(answer), answer.sentences, answer.help) == ("off_topic", "off_topic", [], None)


def test_danger_is_told_before_an_off_topic_request(engine: Any) -> None:
    assert ask(engine, "What is the capital of France? I want to kill myself tonight").outcome == "crisis"


def test_a_long_message_is_read_for_danger_though_it_is_too_long_to_answer(engine: Any) -> None:
    assert ask(engine, "I want to kill myself tonight. " + "word " * 3000).outcome == "crisis"


# Ordinary answers


@pytest.mark.parametrize(
    "text", ["Can I stop taking my sertraline before ketamine?", "Should I take lithium before my infusion?"]
)
def test_a_personal_medical_decision_is_answered_and_sent_to_the_clinician(engine: Any, text: str) -> None:
    answer = ask(engine, text)
    assert answer.outcome == "answered"
    assert answer.sentences
    assert "ask_your_clinician" in notice_ids(answer)


def test_a_general_question_carries_no_notice_about_a_clinician(engine: Any) -> None:
    assert ask(engine, "How does ketamine work in the brain?").notices == []


@pytest.mark.parametrize("text", SUGGESTED)
def test_every_suggested_question_is_answered_and_so_are_its_follow_ups(engine: Any, text: str) -> None:
    answer = ask(engine, text)
    assert answer.outcome == "answered"
    assert 1 <= len(answer.follow_ups) <= 3
    assert text not in answer.follow_ups
    assert set(answer.follow_ups) <= set(SUGGESTED)


def test_a_question_of_a_word_is_read_with_the_one_before_it(engine: Any) -> None:
    alone = ask(engine, "And Spravato?")
    after = ask(engine, "And Spravato?", history=["Does ketamine raise blood pressure?"])
    assert after.outcome == "answered"
    assert any("blood pressure" in sentence.text.lower() for sentence in after.sentences)
    assert [s.text for s in alone.sentences] != [s.text for s in after.sentences]


def test_eight_readers_at_once_get_what_each_would_get_alone(engine: Any) -> None:
    asked = [*SUGGESTED[:6], "Does ketamine help tinnitus?", "I want to kill myself"] * 3
    alone = {text: ask(engine, text).text for text in set(asked)}
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: ask(engine, text).text, asked))
    assert together == [alone[text] for text in asked]


# The clinic's own facts


@pytest.mark.parametrize("text", ["What are your opening hours?", "How do I book an appointment?"])
def test_a_question_to_a_clinic_that_has_told_nothing_ends_with_its_contact(engine: Any, text: str) -> None:
    answer = ask(engine, text)
    assert (answer.outcome, message_id(answer)) == ("no_evidence", "no_evidence_clinic")
    assert "phone 555 0100" in answer.text
    assert answer.sentences == []


def test_a_clinics_hours_are_answered_in_its_own_words_and_marked_so(clinic: Engine) -> None:
    answer = ask(clinic, "What are your opening hours?")
    assert answer.outcome == "answered"
    assert {citation.source_id for citation in answer.citations} == {"clinic-hours"}
    assert {citation.provenance for citation in answer.citations} == {"clinic"}
    assert "nine in the morning" in answer.sentences[0].text
    assert "clinic_source" in notice_ids(answer)
    assert answer.confidence is None


def test_a_clinics_facts_are_never_evidence(clinic: Engine) -> None:
    for text in ("Does ketamine raise blood pressure?", "Does ketamine help migraine?"):
        answer = ask(clinic, text)
        assert answer.outcome == "answered"
        assert {citation.provenance for citation in answer.citations} == {"summary"}
        assert "clinic_source" not in notice_ids(answer)


def test_a_question_to_the_clinic_that_its_facts_do_not_answer_ends_with_its_contact(clinic: Engine) -> None:
    answer = ask(clinic, "Where can I park my car at your clinic?")
    assert answer.outcome == "no_evidence"
    assert answer.sentences == []


def test_a_template_that_is_not_filled_in_tells_nothing(open_clinic: OpenClinic) -> None:
    engine = open_clinic(HOURS.replace("provenance: clinic", "provenance: clinic\nfilled_in: false"))
    assert engine.source("clinic-hours") is None
    assert ask(engine, "What are your opening hours?").outcome == "no_evidence"


# Odd input


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("\x00\x01\x1b\x7f\u200b", "empty"),
        ("😀😀😀", "unreadable"),
        ("?!…", "unreadable"),
        ("word " * 4000, "too_long"),
        ("x" * 20_000, "too_long"),
        ("a" * 100_000, "too_long"),
    ],
)
def test_what_cannot_be_a_question_gets_a_kind_line(engine: Any, text: str, message: str) -> None:
    answer = ask(engine, text)
    assert (answer.outcome, message_id(answer), answer.sentences) == ("no_evidence", message, [])
    assert answer.timings_ms["total"] < 5000


def test_control_and_invisible_characters_inside_a_question_change_nothing(engine: Any) -> None:
    clean, dirty = "Does ketamine raise blood pressure?", "\u202eDoes\x00 ketamine\x07 raise\u200b blood\r\n pressure?"
    assert ask(engine, dirty).text == ask(engine, clean).text


@pytest.mark.parametrize(
    "text",
    [
        "هل يعالج الكيتامين الاكتئاب؟",
        "האם קטמין עוזר לדיכאון?",
        "Θεραπεύει η κεταμίνη την κατάθλιψη;",
        "¿Cuánto cuesta la ketamina y cuánto dura el efecto?",
        "氯胺酮能治疗抑郁症吗",
    ],
)
def test_a_question_in_another_language_gets_a_message_and_never_sentences(engine: Any, text: str) -> None:
    answer = ask(engine, text)
    assert (answer.outcome, message_id(answer), answer.sentences) == ("no_evidence", "other_language", [])


def test_a_german_question_that_a_translated_entry_asks_is_answered_in_german_with_english_quotes(engine: Any) -> None:
    answer = ask(engine, "Wie lange hält die Wirkung von Ketamin an?")
    assert (answer.outcome, answer.composer, answer.language) == ("answered", "faq", "de")
    assert "translated" in notice_ids(answer)
    for citation in answer.citations:
        assert citation.quote in [claim.text for claim in engine.source(citation.source_id).claims]


@pytest.mark.parametrize(
    "text", ["Wie viele Menschen leben in der Stadt Hamburg?", "Darf ich nach der Ketamin-Infusion Tennis spielen?"]
)
def test_a_german_question_that_no_entry_asks_is_never_answered_from_its_vector(engine: Any, text: str) -> None:
    answer = ask(engine, text)
    assert (answer.outcome, answer.sentences) == ("no_evidence", [])
    assert message_id(answer).startswith("other_language")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script> does ketamine raise blood pressure?",
        "does ketamine raise blood pressure?'; DROP TABLE passages; --",
        "**does** [ketamine](http://x) raise blood pressure? {clinic} %s {0}",
    ],
)
def test_what_looks_like_code_is_read_as_words(engine: Any, text: str) -> None:
    answer = ask(engine, text)
    assert answer.outcome in ("answered", "no_evidence")
    assert "<script" not in answer.text


def test_braces_in_a_question_do_not_reach_the_wording(engine: Any) -> None:
    answer = ask(engine, "Does {clinic} {missing} ketamine {0} help tinnitus?")
    assert answer.outcome in ("no_evidence", "answered")
    assert "{" not in answer.text


def test_a_very_long_earlier_turn_costs_no_time(engine: Any) -> None:
    answer = ask(engine, "And then?", history=["x" * 20_000])
    assert answer.timings_ms["total"] < 5000
