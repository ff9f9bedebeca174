"""The staff's page that checks a text: labels in words, quotes as cards, filter, files to save, texts it can't read."""

from __future__ import annotations

import html
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from answer.audit import MOST_CHARS, Auditor, Closest, Finding
from desk.models import User
from settings import ROOT
from ui import pages
from ui.desk.findings import LABELS, as_json, as_markdown, closest, counts_html, finding_html, in_words
from ui.desk.given import MOST_BYTES, CantReadError, File, sentences_of
from ui.shared import Parts

PROMISE = "Our clinic is open. Ketamine cures depression."
QUOTED = "After a Spravato session, people should not drive until the next day, following a restful sleep."
LETTER = f"Dear reader,\n\n{PROMISE} {QUOTED} Ketamine helps parrots learn to whistle Mozart."


@pytest.fixture
def open_audit(parts: Parts, signed_in: Callable[..., User]) -> Callable[..., AppTest]:
    """Opens the page as staff would, with all pages or the desk's alone."""

    def open_page(which: str = "all") -> AppTest:
        signed_in("reader", pages=which)
        at = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=120).run()
        at.switch_page("desk/audit.py").run()
        assert not at.exception
        return at

    return open_page


@pytest.fixture
def findings(parts: Parts) -> list[Finding]:
    """The findings for a letter."""
    assert parts.engine is not None
    return Auditor(parts.engine).audit(sentences_of(LETTER, None, parts.words))


def check(at: AppTest, text: str) -> AppTest:
    at.text_area(key="ka_audit_text").set_value(text)
    at.button[0].click().run()
    assert not at.exception
    return at


def page_html(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


# The page


def test_each_sentence_gets_its_label_in_words_and_its_quotes_as_cards(
    open_audit: Callable[..., AppTest], parts: Parts
) -> None:
    shown = page_html(check(open_audit(), LETTER))
    assert shown.count('class="ka-finding ') == 5
    promised = shown.partition("ka-finding ka-label-overstated")[2].partition("</section>")[0]
    assert "Ketamine cures depression." in promised
    assert parts.words.html("audit_label_overstated") in promised
    assert parts.words.html("audit_suggestion") in promised
    assert 'class="ka-card"' in promised
    assert 'href="library?source=' in promised
    assert html.escape(QUOTED) in shown.partition("ka-finding ka-label-supported")[2].partition("</section>")[0]


def test_a_filter_leaves_only_its_label(open_audit: Callable[..., AppTest], parts: Parts) -> None:
    at = check(open_audit(), LETTER)
    at.pills[0].set_value(["overstated"]).run()
    shown = page_html(at)
    assert shown.count('class="ka-finding ') == shown.count("ka-finding ka-label-overstated") == 1
    assert parts.words.html("audit_shown", count="1", total="5") in shown


def test_both_files_can_be_saved(open_audit: Callable[..., AppTest], parts: Parts) -> None:
    at = check(open_audit(), LETTER)
    wanted = [parts.words.text(id) for id in ("audit_save_markdown", "audit_save_json")]
    assert [button.label for button in at.download_button] == wanted


def test_what_was_typed_is_shown_literally(open_audit: Callable[..., AppTest]) -> None:
    shown = page_html(check(open_audit(), "Ketamine **cures** depression, <img src=x onerror=alert(1)> they say."))
    assert "<img" not in shown
    assert "&lt;img" in shown


def test_an_empty_text_is_said_so_and_no_old_findings_stay(open_audit: Callable[..., AppTest], parts: Parts) -> None:
    at = check(check(open_audit(), LETTER), "  ")
    assert [warning.value for warning in at.warning] == [parts.words.text("audit_empty")]
    assert 'class="ka-finding ' not in page_html(at)


def test_a_file_is_checked_as_well(open_audit: Callable[..., AppTest]) -> None:
    at = open_audit()
    at.file_uploader[0].upload(
        "draft.html", b"<html><body><p>Ketamine cures depression.</p></body></html>", "text/html"
    )
    at.button[0].click().run()
    assert not at.exception
    assert "ka-finding ka-label-overstated" in page_html(at)


def test_the_desk_alone_has_the_page_and_leads_to_no_library(open_audit: Callable[..., AppTest]) -> None:
    shown = page_html(check(open_audit("desk"), PROMISE))
    assert 'class="ka-card"' in shown
    assert "library?source=" not in shown


def test_readers_do_not_have_the_page(open_page: Callable[[], AppTest]) -> None:
    assert "desk/audit.py" not in pages.chosen("public")
    assert "desk/audit.py" in pages.chosen("desk")
    assert "desk/audit.py" in pages.chosen("all")
    code = (
        "import app, sys; from ui import pages; pages.chosen('public'); "
        "sys.exit(bool({'answer.audit', 'ui.desk', 'desk.signin'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=200, check=False).returncode == 0


# What can't be read


@pytest.mark.parametrize(
    ("file", "id"),
    [
        (File("a.md", b"  \n"), "audit_empty"),
        (File("a.txt", b"%PDF-1.7 \xff\xfe\x80"), "audit_binary"),
        (File("a.txt", b"text\0text"), "audit_binary"),
        (File("a.txt", "Ketamine.".encode("utf-16")), "audit_binary"),
        (File("a.txt", b"Ketamine helps. " * (MOST_BYTES // 16 + 1)), "audit_too_large"),
        (File("a.txt", b"Ketamine helps. " * (MOST_CHARS // 16 + 1)), "audit_too_large"),
        (File("a.md", b"* * *\n\n12345\n"), "audit_nothing"),
    ],
)
def test_a_text_that_cannot_be_read_is_told_in_a_sentence(file: File, id: str, parts: Parts) -> None:
    with pytest.raises(CantReadError) as refused:
        sentences_of("", file, parts.words)
    assert str(refused.value) == parts.words.text(id, **({"characters": "200,000"} if id == "audit_too_large" else {}))


def test_a_text_and_a_file_at_once_are_refused(parts: Parts) -> None:
    with pytest.raises(CantReadError, match="one at a time"):
        sentences_of("Ketamine helps.", File("a.txt", b"Ketamine helps."), parts.words)


def test_a_bad_front_matter_names_the_file_and_the_line(parts: Parts) -> None:
    with pytest.raises(CantReadError, match=r"draft\.md:3"):
        sentences_of("", File("draft.md", b"---\ntitle: [\n---\nKetamine helps."), parts.words)


def test_a_mark_of_the_byte_order_is_no_part_of_the_text(parts: Parts) -> None:
    assert sentences_of("", File("a.txt", b"\xef\xbb\xbfKetamine helps."), parts.words) == ["Ketamine helps."]


# HTML and files


def test_a_label_is_told_by_word_sign_and_colour(parts: Parts) -> None:
    signs = set()
    for label in LABELS:
        shown = finding_html(1, Finding(text="x", label=label), parts.words, lambda _: None, in_library=True)
        assert parts.words.html(f"audit_label_{label}") in shown
        assert f"ka-label-{label}" in shown
        signs.add(shown.partition('aria-hidden="true">')[2][0])
    assert len(signs) == len(LABELS)


def test_the_counts_add_up(findings: list[Finding], parts: Parts) -> None:
    shown = counts_html(findings, parts.words)
    counts = [int(part.partition("<")[0]) for part in shown.split("<strong>")[1:]]
    assert sum(counts) == len(findings)
    assert in_words(findings, parts.words).startswith("5 sentences")


def test_a_source_that_was_withdrawn_has_no_card(parts: Parts) -> None:
    assert parts.engine is not None
    gone = Closest(source_id="gone", title="Gone", passage_id="x", quote="words", cosine=0.5)
    assert closest(Finding(text="x", label="supported", closest=[gone]), parts.engine.source) == []


def test_a_card_shows_the_words_of_a_passage_and_its_part(findings: list[Finding], parts: Parts) -> None:
    assert parts.engine is not None
    citations = [citation for finding in findings for citation in closest(finding, parts.engine.source)]
    assert citations
    for citation in citations:
        view = parts.engine.source(citation.source_id)
        assert view is not None
        assert (citation.quote, citation.section) in {(claim.text, claim.section) for claim in view.claims}


def test_the_saved_files_hold_every_sentence(findings: list[Finding], parts: Parts) -> None:
    assert parts.engine is not None
    assert [row["text"] for row in json.loads(as_json(findings))] == [finding.text for finding in findings]
    text = as_markdown(findings, parts.words, parts.engine.source, date(2026, 11, 24))
    assert "2026-11-24" in text
    assert all(f"**{parts.words.text(f'audit_label_{finding.label}')}** " in text for finding in findings)
    assert all(finding.text in text for finding in findings)
    assert all(near.quote in text for finding in findings for near in finding.closest)
