"""The same answer in plain words, as the sources' claims, and with who was studied and the limits."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from answer.engine import Engine
from answer.say import BACKGROUND_SECTIONS
from answer.schema import Answer, Detail, Question
from ingest.corpus import ingest_paths
from ingest.embed import Embedder
from settings import ROOT, Settings

OpenSmall = Callable[..., Engine]
FOUND = "In a 2006 trial of 18 adults with depression, one ketamine drip beat placebo within two hours."
PLAIN = "In a 2006 trial, one ketamine drip beat placebo within two hours."
STUDIED = "A 2006 trial gave 18 adults one ketamine drip and one placebo drip."
LIMITS = "The 2006 trial had only 18 people, so larger trials of ketamine are needed."
CARD = f"""---
id: zarate-2006
title: "A Trial of Ketamine"
kind: randomized-trial
evidence: moderate
topics: [how-fast]
---
# How fast did one ketamine drip work?

## What was studied
- {STUDIED}

## What was found
- {FOUND}

## Limits
- {LIMITS}
"""
SENTENCE = "One ketamine drip beat placebo within two hours."
ENTRY = f"""---
id: how-fast
topic: how-fast
questions:
  - How fast does ketamine work for depression?
---
{SENTENCE} [zarate-2006]
"""
ASKED = "How fast does ketamine work for depression?"
OTHERWISE = "Did one ketamine drip beat placebo within two hours in the 2006 trial?"


@pytest.fixture
def open_small(tmp_path: Path, embedder: Embedder) -> Iterator[OpenSmall]:
    """Opens an engine on the card, its plain form and, when wanted, the entry."""
    opened: list[Engine] = []

    def open_on(*, plain: str = PLAIN, entry: str = "", most_words: int = 150) -> Engine:
        corpus = tmp_path / "corpus"
        for name in ("literature", "questions", "faq"):
            (corpus / name).mkdir(parents=True)
        for name in ("crisis-lines.toml", "sections.toml", "vocabulary.toml"):
            shutil.copy(ROOT / "corpus" / name, corpus)
        (corpus / "literature" / "zarate-2006.md").write_text(CARD)
        line = {"claim": FOUND, "questions": [OTHERWISE], "plain": plain}
        (corpus / "questions" / "zarate-2006.jsonl").write_text(json.dumps(line))
        if entry:
            (corpus / "faq" / "how-fast.md").write_text(entry)
        settings = Settings(
            data_dir=tmp_path / "data", corpus_dir=corpus, answer_threshold=0, max_answer_words=most_words
        )
        assert ingest_paths(settings, [], lambda: embedder).problems == []
        opened.append(Engine.open(settings))
        return opened[-1]

    yield open_on
    for engine in opened:
        engine.close()


def ask(engine: Engine, detail: Detail, text: str = OTHERWISE) -> Answer:
    return engine.ask(Question(text=text, detail=detail))


def said(answer: Answer) -> list[str]:
    return [sentence.text for sentence in answer.sentences]


def assert_verbatim(answer: Answer) -> None:
    """Each citation's quote is a claim of the card, whatever the sentence above it says."""
    assert answer.sentences
    assert all(sentence.citations for sentence in answer.sentences)
    assert {citation.quote for citation in answer.citations} <= {FOUND, STUDIED, LIMITS}


def test_plain_shows_our_shorter_wording_with_the_claim_as_its_quote(open_small: OpenSmall) -> None:
    answer = ask(open_small(), "plain")
    place = said(answer).index(PLAIN)
    number = answer.sentences[place].citations[0]
    assert answer.citations[number - 1].quote == FOUND
    assert FOUND not in said(answer)
    assert_verbatim(answer)


@pytest.mark.parametrize(
    "false",
    [
        "In a 2006 trial, one ketamine drip beat placebo within two days.",
        "In a 2006 trial, one ketamine drip did not beat placebo within two hours.",
        "In a 2006 trial, one esketamine drip beat placebo within two hours.",
        "In a 2009 trial, one ketamine drip beat placebo within two hours.",
        "One ketamine drip always works within two hours.",
    ],
)
def test_a_plain_form_that_its_claim_does_not_bear_out_is_never_shown(open_small: OpenSmall, false: str) -> None:
    answer = ask(open_small(plain=false), "plain")
    assert FOUND in said(answer)
    assert false not in answer.text


def test_a_claim_without_a_plain_form_is_shown_as_it_stands(open_small: OpenSmall) -> None:
    assert FOUND in said(ask(open_small(plain=""), "plain"))


def test_standard_shows_the_claims_themselves(open_small: OpenSmall) -> None:
    answer = ask(open_small(), "standard")
    assert FOUND in said(answer)
    assert PLAIN not in answer.text
    assert_verbatim(answer)
    assert said(answer) == [answer.citations[s.citations[0] - 1].quote for s in answer.sentences]


def test_detailed_adds_who_was_studied_and_the_limits_each_once(open_small: OpenSmall) -> None:
    answer = ask(open_small(), "detailed")
    assert said(answer)[0] == FOUND
    assert sorted(said(answer)) == sorted([FOUND, STUDIED, LIMITS])
    assert_verbatim(answer)


def test_an_entry_is_said_alone_in_plain_and_followed_by_more_in_standard(open_small: OpenSmall) -> None:
    engine = open_small(entry=ENTRY)
    plain, standard = ask(engine, "plain", ASKED), ask(engine, "standard", ASKED)
    assert (plain.composer, standard.composer) == ("faq", "faq")
    assert said(plain) == [SENTENCE]
    assert said(standard)[0] == SENTENCE
    assert len(said(standard)) > 1
    assert FOUND not in said(standard), "what the entry already cites isn't said again"
    for answer in (plain, standard):
        assert answer.citations[answer.sentences[0].citations[0] - 1].quote == FOUND
        assert_verbatim(answer)


def test_an_entry_in_detail_is_said_in_the_words_of_what_bears_it_out(open_small: OpenSmall) -> None:
    answer = ask(open_small(entry=ENTRY), "detailed", ASKED)
    assert answer.composer == "faq"
    assert said(answer)[0] == FOUND
    assert SENTENCE not in answer.text
    assert_verbatim(answer)


def test_what_follows_an_entry_keeps_to_the_longest_answer(open_small: OpenSmall) -> None:
    answer = ask(open_small(entry=ENTRY, most_words=40), "standard", ASKED)
    assert sum(len(text.split()) for text in said(answer)) <= 40


QUESTIONS = ("Does ketamine raise blood pressure?", "Is ketamine addictive?", "Can I drink grapefruit juice?")


@pytest.mark.parametrize("text", QUESTIONS)
@pytest.mark.parametrize("detail", ["plain", "standard", "detailed"])
def test_every_sentence_of_the_project_is_cited_and_every_quote_stands_in_its_card(
    engine: Engine, detail: Detail, text: str
) -> None:
    answer = ask(engine, detail, text)
    assert answer.outcome == "answered"
    assert all(sentence.citations for sentence in answer.sentences)
    for citation in answer.citations:
        view = engine.source(citation.source_id)
        assert view is not None
        assert any(citation.quote in claim.text for claim in view.claims)


@pytest.mark.parametrize("text", QUESTIONS)
def test_plain_needs_no_more_words_than_standard(engine: Engine, text: str) -> None:
    plain, standard = (" ".join(said(ask(engine, detail, text))).split() for detail in ("plain", "standard"))
    assert len(plain) <= len(standard)


def test_the_sections_of_background_are_those_of_the_cards(engine: Engine) -> None:
    sections = {claim.section.lower() for view in engine.sources() for claim in view.claims}
    for start in BACKGROUND_SECTIONS:
        assert any(section.startswith(start) for section in sections)
