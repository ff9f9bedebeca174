"""FAQ: an entry answers what asks the same, with live citations, and nothing that only looks like it."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from answer.engine import Engine
from answer.faq import FaqBook, Supported, Supporter, Unsupported
from answer.follow import LiveIndex
from answer.schema import Answer, Question
from answer.verify import Verifier
from ingest.corpus import faq_folder, ingest_paths
from ingest.embed import Embedder, identify
from ingest.schema import Passage
from ingest.terms import Terms
from ingest.vocabulary import Vocabulary
from settings import ROOT, Settings

Matched = Callable[[str], str | None]
OpenSmall = Callable[..., Engine]
# The pointer to the live index is read again after a second.
FOLLOWED = 1.1
VOCABULARY = Vocabulary.load(ROOT / "corpus" / "vocabulary.toml")

# Entry → (a question it answers, questions that only look like that one).
ALIKE = {
    "how-fast-does-it-work": (
        "How fast does ketamine work for depression?",
        "How fast does ketamine work for depression in the Zarate study?",
        "How fast did ketamine work for depression in 2011?",
        "How fast does fluoxetine work for depression?",
        "How fast does psilocybin work for depression?",
        "How fast does ketamine work for depression in dogs?",
        "How fast does ketamine work for tinnitus?",
        "How fast does ketamine work for depression in teenagers?",
    ),
    "lithium-with-ketamine": (
        "Can I take lithium with ketamine?",
        "Can I have ketamine without lithium?",
        "Can I take valproate with ketamine?",
        "Can I take lithium with psilocybin?",
    ),
    "breastfeeding-and-ketamine": (
        "Does ketamine get into breast milk?",
        "Does ketamine not get into breast milk?",
        "Does lithium get into breast milk?",
    ),
    "is-ketamine-fda-approved": (
        "Is ketamine approved by the FDA for depression?",
        "Is ketamine approved by the FDA for fibromyalgia?",
        "Is ketamine approved for depression in Germany?",
        "Why is ketamine not approved by the FDA for depression?",
    ),
    "cost-ketamine-drip-us": (
        "How much does a ketamine infusion cost in the US?",
        "How much does a ketamine infusion cost in Germany?",
        "How much does a Spravato session cost in the US?",
    ),
    "driving-after-ketamine-drip": (
        "When can I drive after a ketamine drip?",
        "When can I drive after a ketamine drip if I took lorazepam?",
        "Can I drive 6 hours after a ketamine drip?",
        "When can I drive after ECT?",
    ),
    "bladder-and-ketamine-treatment": (
        "Does ketamine damage the bladder?",
        "Does cannabis damage the bladder?",
        "Does ketamine damage the bladder according to Winstock?",
    ),
    "is-treatment-addictive": (
        "Is ketamine addictive?",
        "Is tramadol addictive?",
        "Is ketamine addictive for teenagers?",
    ),
    "grapefruit-with-ketamine": (
        "Does grapefruit juice affect ketamine?",
        "Does orange juice affect ketamine?",
        "Does grapefruit juice affect psilocybin?",
    ),
    "glaucoma-and-ketamine": (
        "Can I have ketamine if I have glaucoma?",
        "Can I have ketamine if I don't have glaucoma?",
        "Can I have psilocybin if I have glaucoma?",
    ),
    "ptsd-does-ketamine-help": (
        "Does ketamine help PTSD?",
        "Does ketamine help PTSD in people over 65?",
    ),
    "is-ketamine-approved-in-canada": (
        "Is ketamine approved for depression in Canada?",
        "Is ketamine approved for depression in Brazil?",
    ),
    "how-many-infusions": (
        "How many ketamine infusions are usually given?",
        "How many ketamine infusions did Shiroma give?",
        "How many Spravato sessions are usually given?",
    ),
    "does-spravato-work": (
        "Does Spravato work for depression?",
        "Does Spravato work for bipolar depression?",
        "Does Spravato work for depression in TRANSFORM-2?",
    ),
}
LOOK_ALIKES = [(entry, text) for entry, (_, *others) in ALIKE.items() for text in others]

CARDS = {
    "zarate-2006": """---
id: zarate-2006
title: "A Trial of Ketamine"
aliases: [zarate-old]
country: [US]
kind: randomized-trial
evidence: moderate
topics: [how-fast]
---
# How fast did ketamine work?

## What was found
- In a 2006 trial of 18 adults with depression, one ketamine drip beat placebo within two hours.
- In the 2006 trial, the effect of one ketamine drip lasted about one week in many people.
""",
    "rosenblat-2019": """---
id: rosenblat-2019
title: "Ketamine by Mouth"
kind: review
evidence: low
topics: [how-fast]
---
# Ketamine by mouth

## What was found
- In two trials, ketamine by mouth brought clear improvement of depression only after two to six weeks.
""",
}
ASKED = "How fast does ketamine work for depression?"
ENTRY = """---
id: how-fast
topic: how-fast
questions:
  - How fast does ketamine work for depression?
---
In a 2006 trial, one ketamine drip beat placebo within two hours. [zarate-2006]
Ketamine by mouth was slower: improvement came after two to six weeks. [rosenblat-2019]
"""
FIRST, SECOND = (line.partition(" [")[0] for line in ENTRY.splitlines()[-2:])


def ask(engine: Engine, text: str) -> Answer:
    return engine.ask(Question(text=text))


@pytest.fixture(scope="module")
def matched(engine: Engine, embedder: Embedder) -> Iterator[Matched]:
    """Gives the id of the project's entry that answers a question."""
    index = LiveIndex(faq_folder(engine.settings), identify(engine.settings.embedder))
    with index.reading() as generation:
        book = FaqBook(generation, Terms(VOCABULARY), Verifier(VOCABULARY).denials)

        def match(text: str) -> str | None:
            found = book.match(text, embedder.embed([text]))
            return found.entry.id if found else None

        yield match
    index.close()


@pytest.fixture
def open_small(tmp_path: Path, embedder: Embedder) -> Iterator[OpenSmall]:
    """Opens an engine on the two cards and one entry, changed as the test wants it; the same folder each time."""
    opened: list[Engine] = []
    corpus = tmp_path / "corpus"
    for name in ("literature", "faq"):
        (corpus / name).mkdir(parents=True)
    for name in ("crisis-lines.toml", "sections.toml", "vocabulary.toml"):
        shutil.copy(ROOT / "corpus" / name, corpus)

    def open_on(entry: str = ENTRY, **cards: str) -> Engine:
        for name, text in (CARDS | {key.replace("_", "-"): card for key, card in cards.items()}).items():
            path = corpus / "literature" / f"{name}.md"
            path.write_text(text) if text else path.unlink(missing_ok=True)
        (corpus / "faq" / "how-fast.md").write_text(entry)
        settings = Settings(data_dir=tmp_path / "data", corpus_dir=corpus, answer_threshold=0)
        ingest_paths(settings, [], lambda: embedder)
        opened.append(Engine.open(settings))
        return opened[-1]

    yield open_on
    for engine in opened:
        engine.close()


def supporter(*claims: tuple[str, str], country: str = "") -> Supporter:
    """A supporter on claims (source id, text), all of sources of one country."""
    found: dict[str, list[Passage]] = {}
    for number, (source, text) in enumerate(claims):
        found.setdefault(source, []).append(Passage(f"p{number}", source, "claim", "", "", text, number))
    countries = {source: [country] for source in found} if country else {}
    return Supporter(Verifier(VOCABULARY), Terms(VOCABULARY), found, countries)


# Which entry asks the same


@pytest.mark.parametrize(("entry", "text"), [(entry, texts[0]) for entry, texts in ALIKE.items()])
def test_a_question_close_to_an_entry_finds_it(matched: Matched, entry: str, text: str) -> None:
    assert matched(text) == entry


@pytest.mark.parametrize(("entry", "text"), LOOK_ALIKES)
def test_a_question_that_only_looks_like_it_does_not(matched: Matched, entry: str, text: str) -> None:
    assert matched(text) != entry


@pytest.mark.parametrize("text", ["", "?", "What is the capital of France?", "asdf qwer", "x " * 500])
def test_what_asks_nothing_that_an_entry_answers_finds_none(matched: Matched, text: str) -> None:
    assert matched(text) is None


def test_a_question_in_the_words_of_an_entry_that_names_an_author_finds_none(matched: Matched) -> None:
    assert matched("Does ketamine help PTSD?") is not None
    for author in ("Zarate", "Murrough", "Popova", "Daly and colleagues", "Krystal et al"):
        assert matched(f"Does ketamine help PTSD according to {author}?") is None


# The answer


def test_an_entry_answers_with_citations_that_stand_in_its_sources(open_small: OpenSmall) -> None:
    engine = open_small()
    answer = ask(engine, ASKED)
    assert (answer.outcome, answer.composer, answer.message) == ("answered", "faq", None)
    assert [sentence.text for sentence in answer.sentences][:2] == [FIRST, SECOND]
    cited = {citation.number: citation for citation in answer.citations}
    assert [cited[s.citations[0]].source_id for s in answer.sentences[:2]] == ["zarate-2006", "rosenblat-2019"]
    for citation in answer.citations:
        assert citation.quote in CARDS[citation.source_id]


def test_an_answer_from_the_project_s_faq_quotes_the_cards_it_cites(engine: Engine) -> None:
    answer = ask(engine, "Does grapefruit juice affect ketamine?")
    assert (answer.outcome, answer.composer) == ("answered", "faq")
    assert all(sentence.citations for sentence in answer.sentences)
    for citation in answer.citations:
        view = engine.source(citation.source_id)
        assert view is not None
        assert citation.quote in [claim.text for claim in view.claims]


def test_a_sentence_that_rests_on_two_sources_cites_both(open_small: OpenSmall) -> None:
    both = "Ketamine was tried for depression in these trials. [zarate-2006, rosenblat-2019]\n"
    answer = ask(open_small(ENTRY[: ENTRY.index("In a 2006")] + both), ASKED)
    first = answer.sentences[0]
    assert answer.composer == "faq"
    assert {answer.citations[number - 1].source_id for number in first.citations} == set(CARDS)
    assert answer.text.startswith(f"{first.text} [1][2]")


def test_a_look_alike_is_answered_from_the_literature_instead(open_small: OpenSmall) -> None:
    engine = open_small()
    assert ask(engine, ASKED).composer == "faq"
    assert ask(engine, "How fast does esketamine work for depression?").composer == "extractive"
    assert ask(engine, "How fast does ketamine not work for depression?").composer == "extractive"


# An entry that has lost its support


def test_an_entry_whose_source_was_withdrawn_is_not_used(open_small: OpenSmall) -> None:
    assert ask(open_small(), ASKED).composer == "faq"
    answer = ask(open_small(rosenblat_2019=""), ASKED)
    assert answer.composer == "extractive"
    assert SECOND not in answer.text
    assert {citation.source_id for citation in answer.citations} == {"zarate-2006"}


@pytest.mark.parametrize(
    ("old", "new"),
    [("within two hours", "within two days"), ("beat placebo", "did not beat placebo"), ("ketamine", "esketamine")],
)
def test_an_entry_whose_source_no_longer_says_it_is_not_used(open_small: OpenSmall, old: str, new: str) -> None:
    changed = CARDS["zarate-2006"].replace(old, new)
    answer = ask(open_small(zarate_2006=changed), ASKED)
    assert answer.composer == "extractive"
    assert FIRST not in answer.text


def test_an_entry_that_says_more_than_its_source_is_not_used(open_small: OpenSmall) -> None:
    entry = ENTRY.replace("within two hours", "within two hours in 90% of people")
    assert ask(open_small(entry), ASKED).composer == "extractive"


def test_a_running_engine_follows_a_changed_entry(open_small: OpenSmall) -> None:
    engine = open_small()
    assert SECOND in ask(engine, ASKED).text
    open_small(ENTRY.replace("was slower", "took longer"))
    time.sleep(FOLLOWED)
    assert "took longer" in ask(engine, ASKED).text


# Support


def test_the_fewest_passages_that_bear_a_sentence_out_are_cited() -> None:
    drip, week = "One ketamine drip beat placebo within two hours.", "The effect of ketamine lasted one week."
    found = supporter(("a", week), ("a", drip))
    alone = found.support("Ketamine beat placebo within two hours.", ["a"])
    assert isinstance(alone, Supported)
    assert [passage.text for passage in alone.passages] == [drip]
    both = found.support("Ketamine beat placebo within two hours, and the effect lasted one week.", ["a"])
    assert isinstance(both, Supported)
    assert {passage.text for passage in both.passages} == {drip, week}


def test_what_no_passage_bears_out_comes_with_the_check_that_failed() -> None:
    found = supporter(("a", "One ketamine drip beat placebo within two hours."))
    lost = found.support("One ketamine drip beat placebo within three hours.", ["a"])
    assert isinstance(lost, Unsupported)
    assert lost.reason.startswith("numbers:")
    unknown = found.support("One ketamine drip beat placebo within two hours.", ["a", "gone"])
    assert isinstance(unknown, Unsupported)
    assert "gone" in unknown.reason


def test_a_sentence_may_name_the_country_that_its_source_is_of() -> None:
    claim, sentence = ("a", "One ketamine drip beat placebo."), "In a UK trial, one ketamine drip beat placebo."
    assert isinstance(supporter(claim, country="GB").support(sentence, ["a"]), Supported)
    assert isinstance(supporter(claim, country="US").support(sentence, ["a"]), Unsupported)
    assert isinstance(supporter(claim).support(sentence, ["a"]), Unsupported)
