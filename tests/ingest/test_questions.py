"""Questions and plain forms are keyed by the whole claim: an edited one keeps its questions, and a curator is told."""

import json
from collections.abc import Callable
from pathlib import Path

from ingest.load import load
from ingest.questions import load_questions

Write = Callable[[str, str], Path]
HOURS = "In the 2000 study, depression scores fell by an average of 14 points within 72 hours of ketamine."
SALT = "After salt water the scores of the seven people did not change on average."
CARD = f"---\nid: berman\ntitle: Berman\n---\n# Berman\n\n## What was found\n- {HOURS}\n- {SALT}\n"


PLAIN_HOURS = "Scores fell by 14 points on average within 72 hours of ketamine."


def row(claim: str, *questions: str, plain: str | None = None) -> str:
    line = {"claim": claim, "questions": list(questions)} | ({} if plain is None else {"plain": plain})
    return json.dumps(line, ensure_ascii=False) + "\n"


def test_an_exact_claim_gets_its_questions_without_a_problem(write: Write) -> None:
    path = write("q.jsonl", row(HOURS, "How fast?", "How big?") + "\n" + row(SALT, "And the dummy?"))
    beside = load_questions(path, [HOURS, SALT])
    assert beside.questions == {HOURS: ["How fast?", "How big?"], SALT: ["And the dummy?"]}
    assert (beside.plain, beside.problems) == ({}, [])


def test_an_edited_claim_keeps_its_questions_and_is_reported_without_being_an_error(write: Write) -> None:
    path = write("q.jsonl", row(SALT, "And the dummy?") + row(HOURS, "How fast?"))
    edited = HOURS.replace("14 points", "about 14 points")
    beside = load_questions(path, [edited, SALT])
    assert beside.questions[edited] == ["How fast?"]
    (problem,) = beside.problems
    assert (problem.path, problem.line, problem.field, problem.fatal) == (path, 2, "claim", False)
    assert "edited" in problem.message


def test_the_questions_of_a_claim_that_is_gone_are_reported_as_unused(write: Write) -> None:
    path = write("q.jsonl", row("Insurers ask for two failed antidepressants first.", "What do insurers ask?"))
    beside = load_questions(path, [HOURS, SALT])
    assert beside.questions == {}
    (problem,) = beside.problems
    assert (problem.line, problem.field, problem.fatal) == (1, "claim", True)
    assert "1 questions are unused" in problem.message


def test_a_bad_line_is_reported_with_its_number_and_the_others_count(write: Write) -> None:
    bad = ["{not json\n", '{"claim": "x"}\n', '{"claim": "", "questions": ["q"]}\n', '["a", "list"]\n', '"words"\n']
    path = write("q.jsonl", row(HOURS, "How fast?") + "".join(bad) + row(SALT, "And the dummy?"))
    beside = load_questions(path, [HOURS, SALT])
    assert beside.questions == {HOURS: ["How fast?"], SALT: ["And the dummy?"]}
    assert [problem.line for problem in beside.problems] == [2, 3, 4, 5, 6]
    assert all(problem.fatal for problem in beside.problems)
    assert "not JSON" in beside.problems[0].message


def test_a_question_given_twice_for_one_claim_counts_once(write: Write) -> None:
    path = write("q.jsonl", row(HOURS, "How fast?", "How fast?") + row(HOURS, "How fast?", "How big?"))
    assert load_questions(path, [HOURS]).questions == {HOURS: ["How fast?", "How big?"]}


def test_a_file_that_is_not_utf_8_is_a_problem_of_that_file(write: Write, tmp_path: Path) -> None:
    write("corpus/literature/berman.md", CARD)
    path = write("corpus/questions/berman.jsonl", "")
    path.write_bytes(row(HOURS, "Café?").encode("latin-1"))
    loaded = load([tmp_path / "corpus" / "literature"])
    assert len(loaded.sources) == 1
    assert [problem.path for problem in loaded.problems] == [path]


def test_a_line_separator_inside_a_question_does_not_break_the_line(write: Write) -> None:
    path = write("q.jsonl", row(HOURS, "How\u2028fast?"))
    beside = load_questions(path, [HOURS])
    assert (len(beside.questions[HOURS]), beside.problems) == (1, [])


def test_a_card_loads_with_the_questions_that_lie_beside_it(write: Write, tmp_path: Path) -> None:
    write("corpus/literature/berman.md", CARD)
    path = write("corpus/questions/berman.jsonl", row(HOURS, "How fast?") + "{half\n")
    loaded = load([tmp_path / "corpus" / "literature"])
    assert loaded.sources[0].questions == {HOURS: ["How fast?"]}
    assert [(problem.path, problem.line) for problem in loaded.problems] == [(path, 2)]


def test_a_claim_gets_the_plain_form_that_stands_beside_it(write: Write, tmp_path: Path) -> None:
    write("corpus/literature/berman.md", CARD)
    write("corpus/questions/berman.jsonl", row(HOURS, "How fast?", plain=PLAIN_HOURS) + row(SALT, "And the dummy?"))
    (source,) = load([tmp_path / "corpus" / "literature"]).sources
    assert source.plain == {HOURS: PLAIN_HOURS}


def test_an_edited_claim_loses_its_plain_form_since_it_may_not_be_true_any_more(write: Write) -> None:
    path = write("q.jsonl", row(HOURS, "How fast?", plain=PLAIN_HOURS))
    edited = HOURS.replace("14 points", "12 points")
    beside = load_questions(path, [edited, SALT])
    assert (beside.questions, beside.plain) == ({edited: ["How fast?"]}, {})
    assert [problem.line for problem in beside.problems] == [1]


def test_an_empty_plain_form_is_none_and_one_that_is_too_long_is_a_problem(write: Write) -> None:
    path = write("q.jsonl", row(HOURS, "How fast?", plain="") + row(SALT, "And the dummy?", plain="x" * 401))
    beside = load_questions(path, [HOURS, SALT])
    assert (beside.questions, beside.plain) == ({HOURS: ["How fast?"]}, {})
    (problem,) = beside.problems
    assert (problem.path, problem.line) == (path, 2)
