"""Search: what a question finds, in lay words, brand names and with slips of the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document

from answer.engine import Engine
from answer.follow import LiveIndex
from answer.retrieve import Hit, HybridRetriever, by_source
from ingest.corpus import ingest_paths
from ingest.embed import Embedder, identify
from ingest.generation import IndexFolder
from ingest.vocabulary import Vocabulary
from settings import Settings

Write = Callable[[str, str], Path]
OpenEngine = Callable[[Path], Engine]


@pytest.fixture
def open_engine(tmp_path: Path, embedder: Embedder) -> Iterator[OpenEngine]:
    """Ingests a folder into an index of the test's own and opens an engine on it."""
    opened: list[Engine] = []

    def open_on(documents: Path) -> Engine:
        settings = Settings(data_dir=tmp_path / "data")
        ingest_paths(settings, [documents], lambda: embedder)
        index = LiveIndex(IndexFolder(settings.data_dir / settings.collection), identify(settings.embedder))
        vocabulary = Vocabulary.load(settings.corpus_dir / "vocabulary.toml")
        opened.append(Engine(settings, index, None, embedder, vocabulary))
        return opened[-1]

    yield open_on
    for engine in opened:
        engine.close()


def ids(hits: list[Hit]) -> list[str]:
    return [hit.source.id for hit in by_source(hits)]


def test_a_question_finds_the_claim_that_answers_it(engine: Any) -> None:
    assert "peltoniemi-2012-grapefruit" in ids(engine.search("Can I drink grapefruit juice?", 5))


@pytest.mark.parametrize(
    ("asked", "document"),
    [
        ("Is Spravato safe?", "The esketamine spray was well tolerated."),
        ("Is esketamine safe?", "The Spravato spray was well tolerated."),
    ],
)
def test_brand_and_generic_name_find_each_other(
    open_engine: OpenEngine, write: Write, asked: str, document: str
) -> None:
    write("docs/right.md", f"# A study\n\n- {document}\n")
    folder = write("docs/wrong.md", "# Another study\n\n- The sertraline tablets were well tolerated.\n").parent
    hits = open_engine(folder).search(asked, 2)
    assert hits[0].source.id == "right"
    assert hits[0].words == 1.0


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("is ketmaine addictive?", "is ketamine addictive?"),
        ("how long does an infuson take?", "how long does an infusion take?"),
    ],
)
def test_a_misspelt_question_finds_what_the_right_one_finds(engine: Any, typed: str, right: str) -> None:
    found, wanted = ids(engine.search(typed, 10)), ids(engine.search(right, 10))
    assert found[0] == wanted[0]
    assert len({*found} & {*wanted}) >= len(wanted) * 0.7


def test_help_line_cards_are_found_when_a_helpline_is_asked_for(engine: Any) -> None:
    assert any(name.startswith("crisis-help-") for name in ids(engine.search("What crisis helpline can I call?", 20)))


@pytest.mark.parametrize(
    "asked", ["Does ketamine reduce suicidal thoughts?", "Can I call the clinic after a session?", "Is there an app?"]
)
def test_help_line_cards_stay_away_from_any_other_question(engine: Any, asked: str) -> None:
    assert not [name for name in ids(engine.search(asked, 60)) if name.startswith("crisis-help-")]


@pytest.mark.parametrize(
    "asked", ["What are the side effects?", "How much does it cost?", "blood pressure", "Is it safe?"]
)
def test_the_best_come_first_and_no_text_twice(engine: Any, asked: str) -> None:
    hits = engine.search(asked, 40)
    texts = ["".join(filter(str.isalnum, hit.passage.text.lower())) for hit in hits]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len(set(texts)) == len(texts) == 40


def test_the_same_text_in_two_documents_is_found_once(open_engine: OpenEngine, write: Write) -> None:
    write("docs/one.md", "# One\n\n- The infusion takes forty minutes.\n")
    folder = write("docs/two.md", "# Two\n\n- The infusion takes FORTY minutes!\n").parent
    assert len(open_engine(folder).search("How long does the infusion take?", 10)) == 1


def test_many_questions_at_once_find_what_each_finds_alone(engine: Any) -> None:
    asked = ["Is it addictive?", "How much does it cost?", "Can I drive afterwards?"]
    together = engine.search_many(asked, 5)
    assert [ids(hits) for hits in together] == [ids(engine.search(text, 5)) for text in asked]


@pytest.mark.parametrize("text", ["", "   ", "😀", "\x00\x01", "zzzzqqqq", "' OR 1=1; --", "x" * 20_000])
def test_nonsense_is_searched_without_an_error(engine: Any, text: str) -> None:
    assert len(engine.search(text, 3)) == 3


def test_a_document_answers_to_its_aliases(open_engine: OpenEngine, write: Write) -> None:
    card = "---\nid: new-name\ntitle: A card\naliases: [old-name, older-name]\n---\n\n# A card\n\n- It takes an hour.\n"
    engine = open_engine(write("docs/new-name.md", card).parent)
    assert engine.source("old-name") == engine.source("older-name") == engine.source("new-name") is not None
    assert engine.source("no-such-name") is None


def test_a_question_keyed_to_a_claim_finds_it_and_is_never_shown(open_engine: OpenEngine, write: Write) -> None:
    claim = "The half-life is two to three hours."
    write("corpus/literature/card.md", f"---\nid: card\ntitle: A card\n---\n\n# A card\n\n- {claim}\n")
    write("corpus/literature/other.md", "# Other\n\n- The room has a reclining chair.\n")
    question = "when am I back to being myself?"
    rows = f'{{"claim": "{claim}", "questions": ["{question}"]}}\n'
    write("corpus/questions/card.jsonl", rows)
    hit = open_engine(write("corpus/literature/third.md", "# Third\n\n- Snacks are sold.\n").parent).search(question)[0]
    assert (hit.source.id, hit.passage.text) == ("card", claim)
    assert hit.question_cosine > 0.99


def test_other_programs_can_plug_the_search_in_as_a_langchain_retriever(engine: Any) -> None:
    found = HybridRetriever(retriever=engine._retriever, k=4).invoke("Can I drink grapefruit juice?")
    assert len(found) == 4
    assert all(isinstance(document, Document) for document in found)
    assert "grapefruit" in found[0].page_content.lower()
    assert {"source_id", "passage_id", "title", "section", "url", "year", "score"} <= found[0].metadata.keys()
    assert found[0].metadata["passage_id"] == found[0].id
