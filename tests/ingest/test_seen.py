"""Files that are as they were aren't read again; whatever may have changed is."""

import json
import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from answer.follow import LiveIndex
from ingest.corpus import ingest_paths
from ingest.embed import Embedder, identify
from ingest.generation import IndexFolder
from ingest.index import SEEN, Summary
from ingest.load import load
from ingest.seen import Seen, read_seen, stamp, write_seen
from settings import Settings

Write = Callable[[str, str], Path]

HOUR_NS = 3_600_000_000_000
TEXTS = {"driving": "Nobody drove on that day.", "bladder": "Frequent use hurt the bladder."}


class Shelf:
    """A corpus of small cards and its index."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self.embedder = embedder
        self.settings = Settings(data_dir=folder / "data", corpus_dir=folder / "corpus")
        self.seen = self.settings.data_dir / self.settings.collection / SEEN
        for name in ("literature", "questions"):
            (self.settings.corpus_dir / name).mkdir(parents=True)
        for name, text in TEXTS.items():
            self.write(name, text)

    def card(self, name: str) -> Path:
        return self.settings.corpus_dir / "literature" / f"{name}.md"

    def write(self, name: str, text: str, more: str = "") -> None:
        """A card, settled: last changed an hour ago."""
        front = f"---\nid: {name}\ntitle: {name.title()}\n{more}---\n"
        self.card(name).write_text(f"{front}\n# {name.title()}\n\n- {text}\n", encoding="utf-8")
        settle(self.card(name))

    def ingest(self, *, rebuild: bool = False) -> Summary:
        return ingest_paths(self.settings, [], lambda: self.embedder, rebuild=rebuild)

    def left_unread(self) -> set[str]:
        """The sources whose files the next ingest needn't read."""
        return set(load([self.card("driving").parent], read_seen(self.seen)).unread)

    def claims(self) -> dict[str, str]:
        """What the index holds: the claim of each source."""
        live = LiveIndex(IndexFolder(self.seen.parent), identify(self.settings.embedder))
        with closing(live) as index, index.reading() as generation:
            return {passage.source_id: passage.text for passage in generation.passages}


def settle(path: Path, ago: int = HOUR_NS) -> None:
    then = time.time_ns() - ago
    os.utime(path, ns=(then, then))


@pytest.fixture
def shelf(tmp_path: Path, embedder: Embedder) -> Shelf:
    return Shelf(tmp_path, embedder)


@pytest.fixture
def filled(shelf: Shelf) -> Shelf:
    shelf.ingest()
    return shelf


def counts(summary: Summary) -> tuple[int, int, int, int, bool]:
    return summary.sources, summary.new, summary.changed, summary.removed, summary.written


def test_two_ingests_in_a_row_find_the_same_and_the_second_writes_nothing(shelf: Shelf) -> None:
    assert counts(shelf.ingest()) == (2, 2, 0, 0, True)
    second = shelf.ingest()
    assert (counts(second), second.passages, second.problems) == ((2, 0, 0, 0, False), 2, [])
    assert shelf.claims() == TEXTS


def test_a_file_that_is_as_it_was_is_not_read_again(filled: Shelf) -> None:
    assert filled.left_unread() == {"driving", "bladder"}
    before = filled.card("driving").stat()
    filled.write("driving", TEXTS["driving"].replace("Nobody", "Anyone"))
    os.utime(filled.card("driving"), ns=(before.st_atime_ns, before.st_mtime_ns))
    assert counts(filled.ingest()) == (2, 0, 0, 0, False)
    assert filled.claims() == TEXTS
    assert filled.ingest(rebuild=True).written
    assert filled.claims()["driving"] == "Anyone drove on that day."


def test_a_file_changed_without_a_change_of_size_is_read(filled: Shelf) -> None:
    size = filled.card("driving").stat().st_size
    filled.write("driving", TEXTS["driving"].replace("Nobody", "Anyone"))
    assert filled.card("driving").stat().st_size == size
    assert filled.left_unread() == {"bladder"}
    assert counts(filled.ingest()) == (2, 0, 1, 0, True)
    assert filled.claims() == TEXTS | {"driving": "Anyone drove on that day."}
    assert filled.left_unread() == {"driving", "bladder"}


def test_a_file_that_was_only_touched_is_read_and_counts_as_unchanged(filled: Shelf) -> None:
    settle(filled.card("driving"), HOUR_NS // 2)
    assert filled.left_unread() == {"bladder"}
    assert counts(filled.ingest()) == (2, 0, 0, 0, False)
    assert filled.left_unread() == {"driving", "bladder"}


def test_a_file_changed_a_moment_ago_is_read_each_time_until_it_has_settled(shelf: Shelf) -> None:
    settle(shelf.card("driving"), 0)
    shelf.ingest()
    assert shelf.left_unread() == {"bladder"}


def test_a_change_of_the_questions_beside_a_card_is_noticed(filled: Shelf) -> None:
    beside = filled.settings.corpus_dir / "questions" / "driving.jsonl"
    line = {"claim": TEXTS["driving"], "questions": ["Who drove?"], "plain": "No one drove."}
    beside.write_text(json.dumps(line), encoding="utf-8")
    settle(beside)
    assert counts(filled.ingest()) == (2, 0, 1, 0, True)
    assert filled.left_unread() == {"driving", "bladder"}
    beside.write_text(json.dumps(line | {"plain": "Nobody drove."}), encoding="utf-8")
    settle(beside, HOUR_NS // 2)
    assert counts(filled.ingest()) == (2, 0, 1, 0, True)
    beside.unlink()
    assert counts(filled.ingest()) == (2, 0, 1, 0, True)


def test_a_removed_file_is_gone_and_a_new_one_is_there(filled: Shelf) -> None:
    filled.card("driving").unlink()
    filled.write("price", "It cost several thousand dollars.")
    assert counts(filled.ingest()) == (2, 1, 0, 1, True)
    assert set(filled.claims()) == {"bladder", "price"}


def test_a_file_with_a_problem_is_read_and_told_each_time(filled: Shelf) -> None:
    beside = filled.settings.corpus_dir / "questions" / "driving.jsonl"
    beside.write_text("{half", encoding="utf-8")
    settle(beside)
    for _ in range(2):
        assert [problem.path for problem in filled.ingest().problems] == [beside]
        assert filled.left_unread() == {"bladder"}


def test_an_id_that_an_unread_file_holds_is_still_taken(filled: Shelf) -> None:
    filled.write("zebra", "A second card.", more="aliases: [driving]\n")
    for _ in range(2):
        summary = filled.ingest()
        assert [problem.path for problem in summary.problems] == [filled.card("zebra")]
        assert set(filled.claims()) == set(TEXTS)
    filled.card("driving").unlink()
    assert filled.ingest().problems == []
    assert set(filled.claims()) == {"zebra", "bladder"}


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", "null", "7", '{"code": "another version", "files": []}', '{"files": [["a"]]}', "\ud800"],
)
def test_a_damaged_note_costs_nothing_but_time(filled: Shelf, damage: str) -> None:
    filled.seen.write_bytes(damage.encode("utf-8", "surrogatepass"))
    assert filled.left_unread() == set()
    assert counts(filled.ingest()) == (2, 0, 0, 0, False)
    assert filled.left_unread() == {"driving", "bladder"}
    assert filled.claims() == TEXTS


@pytest.mark.parametrize("row", [[], [1, 2, 3, 4], ["a", "b", None, "c"], ["a", "b"], "abc", None])
def test_a_note_with_a_damaged_line_is_no_note(filled: Shelf, row: object) -> None:
    note = json.loads(filled.seen.read_text(encoding="utf-8"))
    note["files"].append(row)
    filled.seen.write_text(json.dumps(note), encoding="utf-8")
    assert read_seen(filled.seen) == {}
    assert counts(filled.ingest()) == (2, 0, 0, 0, False)


def test_a_missing_note_or_a_note_without_its_index_loses_nothing(filled: Shelf) -> None:
    note = filled.seen.read_bytes()
    filled.seen.unlink()
    assert counts(filled.ingest()) == (2, 0, 0, 0, False)
    (filled.seen.parent / "live.json").unlink()
    filled.seen.write_bytes(note)
    assert counts(filled.ingest()) == (2, 2, 0, 0, True)
    assert filled.claims() == TEXTS


def test_a_note_that_is_wrong_about_the_index_is_not_believed(filled: Shelf) -> None:
    note = json.loads(filled.seen.read_text(encoding="utf-8"))
    note["files"] = [[path, mark, names, "0" * 16] for path, mark, names, _ in note["files"]]
    filled.seen.write_text(json.dumps(note), encoding="utf-8")
    assert counts(filled.ingest()) == (2, 0, 0, 0, False)
    assert filled.claims() == TEXTS


def test_a_note_gives_back_what_was_written(tmp_path: Path) -> None:
    seen = {"a": Seen(tmp_path / "ä.md", "12.34 -", ("a", "old-a"), "digest")}
    write_seen(tmp_path / SEEN, seen)
    assert read_seen(tmp_path / SEEN) == {tmp_path / "ä.md": seen["a"]}


def test_a_stamp_tells_size_time_and_absence_apart(write: Write, tmp_path: Path) -> None:
    file = write("a.md", "abc")
    assert stamp(file) == ""
    settle(file)
    first = stamp(file, None)
    assert first == stamp(file, tmp_path / "missing.jsonl") != ""
    file.write_text("abcd")
    settle(file)
    longer = stamp(file, None)
    settle(file, HOUR_NS // 2)
    assert len({first, longer, stamp(file, None), stamp(file, file)}) == 4
