"""Terms of passages: put together from kept parts they are the same as counted from scratch."""

from pathlib import Path

import numpy as np
import pytest

from ingest.count import TermRows
from ingest.schema import Passage
from ingest.terms import Terms
from ingest.vocabulary import Term, Vocabulary

TERMS = Terms(Vocabulary([Term(name="esketamine", kind="drug", words=("spravato",))]))
TEXTS = [
    "Spravato raised blood pressure in some people.",
    "Mood improved within hours; mood stayed better.",
    "",
    "Hours later the blood pressure fell again.",
    "Nobody drove before the next day.",
    "Some people felt sick after Spravato.",
]


def passage(number: int, text: str) -> Passage:
    questions = (f"Question {number} about mood?",) if number % 2 else ()
    return Passage(f"p{number}", f"s{number}", "claim", "", "", text, 0, questions)


PASSAGES = [passage(number, text) for number, text in enumerate(TEXTS)]


def words(rows: TermRows) -> list[list[str]]:
    return [[rows.names[number] for number in row] for row in rows]


def test_the_terms_of_a_passage_are_those_of_its_text_and_its_questions() -> None:
    rows = TermRows.counted(PASSAGES, TERMS)
    assert words(rows) == [TERMS.of(" ".join((p.titled, *p.questions))) for p in PASSAGES]
    assert "=esketamine" in words(rows)[0]


def test_rows_are_read_singly_by_slice_and_one_after_another() -> None:
    rows = TermRows.counted(PASSAGES, TERMS)
    assert len(rows) == len(PASSAGES)
    assert rows[1:3] == [rows[1], rows[2]]
    assert list(rows) == [rows[number] for number in range(len(rows))]


@pytest.mark.parametrize("cut", range(len(PASSAGES) + 1))
def test_joined_parts_equal_counting_from_scratch(cut: int) -> None:
    parts = [(TermRows.counted(part, TERMS), range(len(part))) for part in (PASSAGES[:cut], PASSAGES[cut:])]
    joined, whole = TermRows.join(parts), TermRows.counted(PASSAGES, TERMS)
    assert words(joined) == words(whole)
    assert set(joined.names) == set(whole.names)


def test_chosen_rows_keep_their_order_and_leave_no_name_that_does_not_occur() -> None:
    rows = TermRows.counted(PASSAGES, TERMS)
    joined = TermRows.join([(rows, [4, 1]), (rows, [2]), (rows, []), (rows, [5])])
    chosen = [PASSAGES[number] for number in (4, 1, 2, 5)]
    assert words(joined) == words(TermRows.counted(chosen, TERMS))
    assert set(joined.names) == {term for row in words(joined) for term in row}


def test_random_choices_from_many_parts_equal_counting_from_scratch() -> None:
    random = np.random.default_rng(7)
    for _ in range(30):
        parts, chosen = [], []
        for _ in range(random.integers(1, 5)):
            own = [PASSAGES[number] for number in random.integers(0, len(PASSAGES), random.integers(0, 6))]
            rows = [number for number in range(len(own)) if random.random() < 0.6]
            parts.append((TermRows.counted(own, TERMS), rows))
            chosen += [own[number] for number in rows]
        assert words(TermRows.join(parts)) == words(TermRows.counted(chosen, TERMS))


def test_nothing_joined_is_nothing() -> None:
    for empty in (TermRows.join([]), TermRows.counted([], TERMS), TermRows.join([(TermRows.counted([], TERMS), [])])):
        assert (len(empty), list(empty), empty.places) == (0, [], {"": 0})


def test_kept_terms_are_read_again_and_not_counted_anew(tmp_path: Path) -> None:
    file = tmp_path / "terms.npz"
    first = TermRows.kept(file, PASSAGES, TERMS)
    written = file.stat().st_mtime_ns
    again = TermRows.kept(file, PASSAGES, TERMS)
    assert words(again) == words(first) == words(TermRows.counted(PASSAGES, TERMS))
    assert file.stat().st_mtime_ns == written
    assert [path.name for path in tmp_path.iterdir()] == ["terms.npz"]


def test_kept_terms_of_another_vocabulary_or_other_passages_are_counted_anew(tmp_path: Path) -> None:
    file = tmp_path / "terms.npz"
    TermRows.kept(file, PASSAGES, TERMS)
    other = Terms(Vocabulary([Term(name="mood", kind="symptom", words=("felt",))]))
    assert words(TermRows.kept(file, PASSAGES, other)) == words(TermRows.counted(PASSAGES, other))
    assert words(TermRows.kept(file, PASSAGES[:2], other)) == words(TermRows.counted(PASSAGES[:2], other))


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half a file", b"not a file of numpy's"])
def test_a_damaged_file_of_terms_costs_nothing_but_time(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "terms.npz"
    file.write_bytes(damage)
    assert words(TermRows.kept(file, PASSAGES, TERMS)) == words(TermRows.counted(PASSAGES, TERMS))
    assert words(TermRows.kept(file, PASSAGES, TERMS)) == words(TermRows.counted(PASSAGES, TERMS))
