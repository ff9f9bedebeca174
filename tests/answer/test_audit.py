"""The claim audit: what it flags, what it lets pass, and what it says to a text it can't read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from answer.audit import FLAGGED, MOST_CHARS, Auditor, Finding, UnreadableTextError, read_bytes, read_text
from answer.engine import Engine
from answer.verify import Quote
from settings import ROOT

Write = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def auditor(engine: Engine) -> Auditor:
    return Auditor(engine)


@pytest.fixture(scope="module")
def article(auditor: Auditor) -> list[Finding]:
    """The findings of the clinic's own article."""
    return auditor.audit(read_text(ROOT / "corpus" / "article.md"))


def label(auditor: Auditor, text: str) -> str:
    return auditor.audit([text])[0].label


# Labels


@pytest.mark.parametrize(
    "text",
    [
        "Ketamine cures depression.",
        "Our treatment works for everyone.",
        "We guarantee relief from depression.",
        "Ketamine is completely safe.",
        "Ketamine has no side effects.",
        "How does ketamine cure depression?",
    ],
)
def test_an_absolute_promise_is_always_flagged(auditor: Auditor, text: str) -> None:
    assert label(auditor, text) == "overstated"


@pytest.mark.parametrize(
    "text",
    [
        "In the ELEKT-D trial, 55.4% of people given ketamine and 41.2% of people given ECT responded after three "
        "weeks.",
        "After a Spravato session, people should not drive until the next day, following a restful sleep.",
        "Ketamine may relieve depression within hours in some people.",
    ],
)
def test_what_the_literature_says_is_supported(auditor: Auditor, text: str) -> None:
    assert label(auditor, text) == "supported"


@pytest.mark.parametrize(
    "text",
    [
        "In the ELEKT-D trial, 75% of people given ketamine and 12% of people given ECT responded after three weeks.",
        "Studies have proven that ketamine is safe and effective for all people with epilepsy.",
        "NICE recommended esketamine nasal spray for treatment-resistant depression in December 2022.",
    ],
)
def test_a_changed_figure_a_proof_that_isnt_one_and_a_dropped_not_are_flagged(auditor: Auditor, text: str) -> None:
    assert label(auditor, text) in FLAGGED


@pytest.mark.parametrize(
    "text",
    ["A vaccination in the same week weakens esketamine.", "Ketamine makes tinnitus disappear in left-handed people."],
)
def test_what_no_source_speaks_of_is_not_covered(auditor: Auditor, text: str) -> None:
    finding = auditor.audit([text])[0]
    assert finding.label == "not_covered"
    assert finding.suggestion is None


@pytest.mark.parametrize(
    "text",
    [
        "Welcome to our clinic!",
        "Call us today to book your first visit.",
        "What would you like to ask us?",
        "Step by step, side by side.",
    ],
)
def test_greetings_invitations_questions_and_slogans_are_no_claims(auditor: Auditor, text: str) -> None:
    assert auditor.audit([text])[0] == Finding(text=text, label="not_a_claim")


def test_a_denied_promise_is_no_promise(auditor: Auditor) -> None:
    assert (
        "promises"
        not in auditor.audit(["Nobody can say that there is no cure, but we cannot guarantee one."])[0].reason
    )


# What comes with a label


def test_a_flag_carries_quotes_and_a_wording_taken_from_them(auditor: Auditor, engine: Engine) -> None:
    finding = auditor.audit(["Ketamine has been proven to cure depression in everyone."])[0]
    assert finding.suggestion is not None
    assert len(finding.closest) == 3
    source = engine.source(finding.suggestion.source_id)
    assert source is not None
    passages = [claim for claim in source.claims if finding.suggestion.text in claim.text]
    assert passages
    assert engine.verifier.passes(finding.suggestion.text, [Quote(passages[0].text, passages[0].title)])


def test_no_quote_and_no_suggestion_comes_from_the_clinics_own_texts(article: list[Finding], engine: Engine) -> None:
    cited = {near.source_id for finding in article for near in finding.closest}
    cited |= {finding.suggestion.source_id for finding in article if finding.suggestion}
    assert cited
    assert "clinic" not in {source.meta.provenance for name in cited if (source := engine.source(name))}


def test_in_the_clinics_article_promises_are_flagged_and_plain_facts_pass(article: list[Finding]) -> None:
    labels = {finding.text: finding.label for finding in article}
    assert labels["How Does Ketamine Therapy Help Cure Depression?"] == "overstated"
    facts = (
        "Most of the more traditional antidepressants take weeks",
        "Ketamine works differently",
        "Some may experience",
    )
    passed = [text for text, label in labels.items() if label == "supported"]
    assert all(any(text.startswith(fact) for text in passed) for fact in facts)


# Reading


def test_sentences_are_read_without_markdowns_marks(write: Write) -> None:
    path = write(
        "draft.md", "# A *new* start\n\nIt [may help](https://example.org) **some** people. Ask us.\n\n- One. Two.\n"
    )
    assert read_text(path) == ["A new start", "It may help some people.", "Ask us.", "One.", "Two."]


def test_the_name_of_a_file_is_no_heading(write: Write) -> None:
    assert read_text(write("ketamine-cures.txt", "It may help.")) == ["It may help."]


def test_html_is_read_as_its_text() -> None:
    page = b"<html><body><h1>Ketamine</h1><p>It may help.</p><script>x()</script></body></html>"
    assert " ".join(read_bytes(page, "standard input")) == "Ketamine It may help."


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"\x89PNG\r\n\0\0", "binary"),
        (b"caf\xe9 in Latin-1", "not UTF-8"),
        (b"Ketamine may help. " * 290_000, "larger than 5 MB"),
        (b"Ketamine may help. " * (MOST_CHARS // 18), "in parts"),
    ],
)
def test_a_text_that_cant_be_audited_is_explained_in_a_line(data: bytes, complaint: str) -> None:
    with pytest.raises(UnreadableTextError, match=complaint) as raised:
        read_bytes(data, "standard input")
    assert str(raised.value).startswith("standard input")
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTextError, match=r"nothing\.md"):
        read_text(tmp_path / "nothing.md")
