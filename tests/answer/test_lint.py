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
    assert [str(problem) for problem in lint(ROOT / "corpus", ROOT / "prompts") if problem.fatal] == []


def test_a_true_entry_has_no_problem(corpus: Path) -> None:
    assert list(lint(corpus)) == []


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    """Wording of one message whose reason rests on the card."""
    for kind in ("messages", "notices"):
        (tmp_path / "prompts" / kind).mkdir(parents=True)
    (tmp_path / "prompts" / "notices" / "en.toml").write_text("", encoding="utf-8")
    message(tmp_path / "prompts")
    return tmp_path / "prompts"


def message(
    prompts: Path, why: str = "In a 2006 trial, tea helped 40 of 100 adults.", pin: str = "tea#In a 2006"
) -> None:
    text = f'misuse.text = "No. {{why}}"\nmisuse.why = "{why}"\nmisuse.claims = ["{pin}"]\n'
    (prompts / "messages" / "en.toml").write_text(text, encoding="utf-8")


def test_a_message_whose_reason_its_claim_bears_out_has_no_problem(corpus: Path, prompts: Path) -> None:
    assert list(lint(corpus, prompts)) == []


@pytest.mark.parametrize(
    ("change", "field", "complaint"),
    [
        ({"pin": "tea#In a 2007"}, "misuse.claims", "no single claim begins so: tea#In a 2007"),
        ({"pin": "coffee#In a"}, "misuse.claims", "no single claim begins so"),
        ({"why": "In a 2006 trial, tea helped 90 of 100 adults."}, "misuse.why", "numbers"),
    ],
)
def test_a_message_that_lost_its_claim_or_says_more_is_told_with_its_field(
    corpus: Path, prompts: Path, change: dict[str, str], field: str, complaint: str
) -> None:
    message(prompts, **change)
    [problem] = lint(corpus, prompts)
    assert (problem.path.name, problem.field, problem.fatal) == ("en.toml", field, True)
    assert complaint in problem.message


def test_a_message_that_promises_is_told(corpus: Path, prompts: Path) -> None:
    (prompts / "messages" / "en.toml").write_text('a = "Tea is guaranteed to help."', encoding="utf-8")
    [problem] = lint(corpus, prompts)
    assert "messages/en.toml: a: may not go out: promises" in problem.message


@pytest.mark.parametrize(("strict", "fatal"), [(False, False), (True, True)])
def test_a_line_checked_long_ago_is_a_warning_and_an_error_only_when_strict(
    corpus: Path, *, strict: bool, fatal: bool
) -> None:
    lines = (ROOT / "corpus" / "crisis-lines.toml").read_text(encoding="utf-8")
    (corpus / "crisis-lines.toml").write_text(lines.replace("2026-11-24", "2024-01-01", 1), encoding="utf-8")
    [problem] = lint(corpus, strict=strict)
    assert (problem.field, problem.fatal) == ("countries.US.lines.0", fatal)


def test_an_off_label_statement_that_lost_its_claim_is_told(corpus: Path) -> None:
    shutil.copy(ROOT / "corpus" / "off-label.toml", corpus)
    problems = list(lint(corpus))
    assert "countries.US.off_label" in [problem.field for problem in problems]


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
