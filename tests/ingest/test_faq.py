"""FAQ files: what is wrong with one is told with file, line and field, and the others are read all the same."""

from collections.abc import Callable
from pathlib import Path

import pytest

from answer.faq import FaqBook
from answer.follow import LiveIndex
from ingest.corpus import PARTS, faq_folder, ingest_paths
from ingest.embed import Embedder, identify
from ingest.faq import load_entries, load_faq, read_entry
from ingest.load import load
from ingest.schema import Problem
from ingest.terms import Terms
from ingest.vocabulary import Vocabulary
from settings import ROOT, Settings

Write = Callable[[str, str], Path]
CORPUS = ROOT / "corpus"
CARD = "---\nid: berman\ntitle: Berman\n---\n# Berman\n\n## What was found\n- Mood improved within hours of ketamine.\n"
GOOD = """---
id: how-fast
topic: how-fast
reviewed: 2026-11-24
questions:
  - How fast does it work?
  - how soon will i feel better
---
Mood improved within hours. [berman, zarate]
Some people need longer. [zarate]
"""


def only_problem(folder: Path) -> Problem:
    (problem,) = load_entries(folder)[1]
    return problem


def test_an_entry_holds_its_phrasings_and_its_sentences_with_sources_and_lines(write: Write) -> None:
    entry = read_entry(write("faq/how-fast.md", GOOD))
    assert (entry.meta.id, entry.meta.topic, entry.meta.language) == ("how-fast", "how-fast", "en")
    assert entry.meta.questions == ["How fast does it work?", "how soon will i feel better"]
    assert [(s.text, s.cites, s.line) for s in entry.sentences] == [
        ("Mood improved within hours.", ("berman", "zarate"), 9),
        ("Some people need longer.", ("zarate",), 10),
    ]


def test_an_entry_becomes_a_source_of_kind_faq_whose_questions_are_keys_of_its_first_sentence(write: Write) -> None:
    (source,) = load_faq(write("faq/how-fast.md", GOOD).parent).sources
    assert (source.meta.id, source.meta.kind, source.meta.topics) == ("how-fast", "faq", ["how-fast"])
    assert [(block.text, block.cites) for block in source.blocks][1] == ("Some people need longer.", ("zarate",))
    assert list(source.questions) == ["Mood improved within hours."]


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        (GOOD, "Mood improved within hours. [berman]\n", (1, None), "no front matter"),
        ("topic: how-fast", "topic: how fast", (3, "topic"), "pattern"),
        ("topic: how-fast", "colour: red", (3, "colour"), "not a known field"),
        ("reviewed: 2026-11-24", "reviewed: soon", (4, "reviewed"), "date"),
        ("  - How fast does it work?\n  - how soon will i feel better\n", "  []\n", (5, "questions"), "at least 1"),
        ("questions:\n  - How fast does it work?\n  - how soon will i feel better\n", "", (1, "questions"), "required"),
        ("Mood improved within hours. [berman, zarate]\nSome people need longer. [zarate]\n", "", (9, None), "has 0"),
        ("Some people need longer. [zarate]\n", "Another one. [zarate]\n" * 6, (9, None), "has 7"),
        (" [zarate]\n", "\n", (10, None), "must end with its sources"),
        (" [zarate]\n", " [ , ]\n", (10, None), "must end with its sources"),
        ("Some people need longer. [zarate]", "[zarate]", (10, None), "must end with its sources"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_line_and_field(
    write: Write, old: str, new: str, place: tuple[int, str | None], words: str
) -> None:
    assert old in GOOD
    path = write("faq/bad.md", GOOD.replace(old, new))
    problem = only_problem(path.parent)
    assert (problem.path, (problem.line, problem.field)) == (path, place)
    assert words in problem.message
    assert problem.fatal


def test_a_file_that_cannot_be_read_does_not_stop_the_others(write: Write) -> None:
    write("faq/a.md", "")
    write("faq/b.md", "").write_bytes(b"\0\1")
    path = write("faq/c.md", GOOD)
    entries, problems = load_entries(path.parent)
    assert [entry.path for entry in entries] == [path]
    assert [problem.path.name for problem in problems] == ["a.md", "b.md"]


def test_the_same_question_in_two_files_is_told_with_its_line_whatever_its_case_and_marks(write: Write) -> None:
    write("faq/a.md", GOOD)
    path = write("faq/b.md", GOOD.replace("id: how-fast", "id: speed").replace("How fast does it work?", "How long?"))
    problem = only_problem(path.parent)
    assert (problem.path, problem.line, problem.field) == (path, 7, "questions")
    assert "a.md" in problem.message
    path.write_text(GOOD.replace("id: how-fast", "id: speed").replace("  - how soon will i feel better\n", ""))
    assert only_problem(path.parent).line == 6
    path.write_text(path.read_text().replace("How fast does it work?", "HOW FAST, does it work"))
    assert only_problem(path.parent).line == 6


def test_an_id_that_is_taken_is_told_and_the_first_file_is_kept(write: Write) -> None:
    first = write("faq/a.md", GOOD)
    second = write("faq/b.md", GOOD.replace("How fast does it work?", "Is it quick?").replace("how soon", "how late"))
    entries, (problem,) = load_entries(first.parent)
    assert [entry.path for entry in entries] == [first]
    assert (problem.path, problem.line, problem.field) == (second, 2, "id")


def test_a_sentence_whose_source_is_unknown_is_told_with_its_line(write: Write) -> None:
    path = write("faq/how-fast.md", GOOD)
    (problem,) = load_faq(path.parent, known={"zarate"}).problems
    assert (problem.path, problem.line, problem.field) == (path, 9, "sources")
    assert "berman" in problem.message
    assert load_faq(path.parent, known={"zarate", "berman"}).problems == []


def test_the_faq_is_indexed_apart_follows_its_files_and_is_counted(
    write: Write, tmp_path: Path, embedder: Embedder
) -> None:
    write("corpus/literature/berman.md", CARD)
    path = write("corpus/faq/how-fast.md", GOOD)
    settings = Settings(data_dir=tmp_path / "data", corpus_dir=tmp_path / "corpus")
    first = ingest_paths(settings, [], lambda: embedder)
    assert (first.sources, first.passages, first.faq_entries, first.new) == (1, 1, 1, 2)
    again = ingest_paths(settings, [], lambda: embedder)
    assert (again.written, again.faq_entries, again.new, again.changed) == (False, 1, 0, 0)
    path.write_text(GOOD.replace("How fast does it work?", "Does it work within hours?"))
    changed = ingest_paths(settings, [], lambda: embedder)
    assert (changed.written, changed.new, changed.changed) == (True, 0, 1)
    index = LiveIndex(faq_folder(settings), identify(settings.embedder))
    with index.reading() as generation:
        (entry,) = FaqBook(generation, Terms(Vocabulary([])), frozenset()).entries.values()
    index.close()
    assert entry.questions == ("Does it work within hours?", "how soon will i feel better")
    assert [(p.text, p.cites) for p in entry.sentences] == [
        ("Mood improved within hours.", ("berman", "zarate")),
        ("Some people need longer.", ("zarate",)),
    ]
    path.unlink()
    assert ingest_paths(settings, [], lambda: embedder).removed == 1


def test_a_folder_given_by_hand_brings_no_faq(write: Write, tmp_path: Path, embedder: Embedder) -> None:
    card = write("corpus/literature/berman.md", CARD)
    write("corpus/faq/how-fast.md", GOOD)
    settings = Settings(data_dir=tmp_path / "data", corpus_dir=tmp_path / "corpus")
    assert ingest_paths(settings, [card.parent], lambda: embedder).faq_entries == 0
    assert not faq_folder(settings).root.exists()


def test_the_project_has_at_least_150_entries_without_a_problem() -> None:
    literature = load([CORPUS / part for part in PARTS])
    faq = load_faq(CORPUS / "faq", literature.owners)
    assert [str(problem) for problem in faq.problems] == []
    assert len(faq.sources) >= 150


def test_every_entry_of_the_project_is_named_by_its_file_and_was_reviewed() -> None:
    entries, _ = load_entries(CORPUS / "faq")
    assert [entry.meta.id for entry in entries] == [entry.path.stem for entry in entries]
    assert [entry.meta.id for entry in entries if entry.meta.reviewed is None] == []
    assert [entry.meta.id for entry in entries if len(entry.sentences) < 2] == []
