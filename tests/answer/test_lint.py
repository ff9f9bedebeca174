"""Everything reviewed is held against its sources: what ships passes, and what strays is told with its place."""

import shutil
from pathlib import Path

import pytest

from answer.lint import lint
from settings import ROOT

CARD = """---
id: tea
title: Tea
---
# Tea and sleep

## What was found
- In a 2006 trial, tea helped 40 of 100 adults to fall asleep within two hours.
"""
ENTRY = "---\nid: does-tea-help\nquestions:\n  - Does tea help?\n---\n{sentence}\n"
TRUE = "In a 2006 trial, tea helped 40 % of adults to fall asleep within 120 minutes. [tea]"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of one card and one entry, with the project's vocabulary."""
    for name in ("literature", "faq", "questions"):
        (tmp_path / name).mkdir()
    shutil.copy(ROOT / "corpus" / "vocabulary.toml", tmp_path)
    (tmp_path / "literature" / "tea.md").write_text(CARD, encoding="utf-8")
    (tmp_path / "faq" / "does-tea-help.md").write_text(ENTRY.format(sentence=TRUE), encoding="utf-8")
    return tmp_path


def test_what_ships_has_no_fatal_problem() -> None:
    assert [str(problem) for problem in lint(ROOT / "corpus") if problem.fatal] == []


def test_a_true_entry_has_no_problem(corpus: Path) -> None:
    assert list(lint(corpus)) == []


@pytest.mark.parametrize(
    ("sentence", "complaint"),
    [
        (TRUE.replace("40 %", "60 %"), "numbers"),
        (TRUE.replace("helped", "did not help"), "negation"),
        (TRUE.replace("[tea]", "[coffee]"), "its source “coffee” isn't in the index"),
    ],
)
def test_an_entry_that_strays_is_told_with_file_and_line(corpus: Path, sentence: str, complaint: str) -> None:
    (corpus / "faq" / "does-tea-help.md").write_text(ENTRY.format(sentence=sentence), encoding="utf-8")
    [problem] = lint(corpus)
    assert complaint in problem.message
    assert (problem.path.name, problem.line, problem.fatal) == ("does-tea-help.md", 6, True)


def test_a_plain_form_that_strays_is_told_but_keeps_nothing_out(corpus: Path) -> None:
    claim = CARD.strip().rsplit("- ", 1)[1]
    row = f'{{"claim": "{claim}", "questions": ["Does it help?"], "plain": "Tea helped all adults."}}\n'
    (corpus / "questions" / "tea.jsonl").write_text(row, encoding="utf-8")
    [problem] = lint(corpus)
    assert (problem.path.name, problem.field, problem.fatal) == ("tea.jsonl", "plain", False)
