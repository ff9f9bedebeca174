"""An entry between form and file, and what two editors wrote put together."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from desk.faq import parse
from desk.faq_draft import Draft, Line, merged, new_id
from settings import ROOT

A, B, C, D = (Line(f"Sentence {letter}.", ("source",)) for letter in "abcd")


def draft(*sentences: Line, questions: tuple[str, ...] = ("How long?",)) -> Draft:
    return Draft("how-long", "how-fast", date(2026, 11, 24), questions, sentences)


def test_the_projects_entries_come_out_of_a_form_as_they_went_in() -> None:
    changed = []
    for path in sorted((ROOT / "corpus" / "faq").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        entry = parse(text)
        written = Draft.of(entry).text()
        assert Draft.of(parse(written)) == Draft.of(entry), path.name
        changed += [path.name] if written.splitlines()[1:3] != text.splitlines()[1:3] else []
    assert changed == []


def test_marks_that_mean_something_in_the_file_stay_words() -> None:
    odd = draft(Line('A "quoted" [bracket]: 5 % #1', ("a", "b")), questions=('Is it "safe": yes or no?', "- really?"))
    assert Draft.of(parse(odd.text())) == odd


def test_what_one_added_and_the_other_took_out_are_both_kept() -> None:
    base = draft(A, B)
    assert merged(base, draft(A, B, C), draft(B)).sentences == (B, C)
    assert merged(base, draft(A, C, B), draft(D, A, B)).sentences == (D, A, C, B)
    assert merged(base, draft(A, C), draft(A, D)).sentences == (A, C, D)
    mine, theirs = replace(base, topic="cost"), replace(base, reviewed=date(2026, 12, 1))
    assert merged(base, mine, theirs) == replace(base, topic="cost", reviewed=date(2026, 12, 1))


def test_a_new_entry_gets_a_name_of_its_own() -> None:
    assert new_id("How long does it take?", ()) == "how-long-does-it-take"
    assert new_id("How long does it take?", {"how-long-does-it-take"}) == "how-long-does-it-take-2"
    assert new_id("Πόσο;", ()) == "question"
    assert len(new_id("word " * 100, ())) <= 60
