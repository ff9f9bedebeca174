"""The last check: what no sentence may say, whoever wrote it; what a question about choosing is."""

from __future__ import annotations

from pathlib import Path

import pytest

from safety.outgoing import Outgoing, OutgoingError

OUTGOING = Outgoing()


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Spravato infusions take 40 minutes.", "names"),
        ("A clinic gives IV Spravato twice a week.", "names"),
        ("Spravato (ketamine) is a nasal spray.", "names"),
        ("Spravato is ketamine under another name.", "names"),
        ("Ketamine (Spravato) is approved in the US.", "names"),
        ("Ketalar (esketamine) is an anaesthetic.", "names"),
        ("La perfusion de Spravato dure 40 minutes.", "names"),
        ("Eine Spravato-Infusion dauert 40 Minuten.", "names"),
        ("You are clearly depressed.", "diagnosis"),
        ("It sounds like you have bipolar disorder.", "diagnosis"),
        ("Stop the lithium a week before.", "medicine"),
        ("Come off your antidepressant first.", "medicine"),
        ("Den Erfolg garantieren wir.", "promise"),
        ("El tratamiento está garantizado.", "promise"),
        ("Le succès est garanti.", "promise"),
        ("Η επιτυχία είναι εγγυημένη.", "promise"),
    ],
)
def test_what_may_not_go_out_is_stopped(sentence: str, kind: str) -> None:
    assert OUTGOING.stopped(sentence).startswith(f"{kind}: ")


@pytest.mark.parametrize(
    "sentence",
    [
        "Spravato is esketamine, a nasal spray.",
        "Spravato or IV ketamine was used in the 2025 study.",
        "Spravato, ketamine infusions and ECT were compared.",
        "Side effects were mild with ketamine and esketamine infusions.",
        "Ketalar is a brand of ketamine.",
        "If you are depressed, a clinician can help.",
        "The label says that people should not stop their antidepressant suddenly.",
        "In the trial, lithium was stopped a week before.",
        "Spravato ist ein Nasenspray mit Esketamin.",
        "Menschen ohne Risiko dürfen weiter essen.",
    ],
)
def test_true_sentences_pass(sentence: str) -> None:
    assert OUTGOING.stopped(sentence) == ""


def test_further_rules_are_asked_last() -> None:
    asked: list[str] = []
    assert OUTGOING.stopped("Fine.", lambda sentence: asked.append(sentence) or "no") == "no"
    assert OUTGOING.stopped("Spravato drip.", lambda sentence: asked.append(sentence) or "no").startswith("names")
    assert asked == ["Fine."]


@pytest.mark.parametrize(
    "question",
    [
        "Should I choose ketamine or ECT?", "is it worth it", "Which is better, Spravato or a drip?", "convince me",
        "should I go for ketamine", "What are the pros and cons of Spravato?", "would you recommend it?",
    ],
)  # fmt: skip
def test_a_question_about_choosing_is_seen(question: str) -> None:
    assert OUTGOING.is_choosing(question)


@pytest.mark.parametrize(
    "question", ["How long does a session take?", "What should I eat before?", "Does ketamine help with depression?"]
)
def test_an_ordinary_question_is_not_about_choosing(question: str) -> None:
    assert not OUTGOING.is_choosing(question)


def test_harm_is_told_by_words_or_by_section() -> None:
    assert OUTGOING.tells_harm("Nausea was common.", "What was found")
    assert OUTGOING.tells_harm("Half of them stayed in bed.", "Risks and side effects")
    assert not OUTGOING.tells_harm("Half of them responded.", "What was found")


@pytest.mark.parametrize(
    ("text", "complaint"), [("", "lacks"), ("stops = [", "not valid TOML"), ('[stops]\na = ["("]', "not a pattern")]
)
def test_a_mistake_in_the_file_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "outgoing.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OutgoingError, match=complaint):
        Outgoing(path)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutgoingError, match="can't be read"):
        Outgoing(tmp_path / "outgoing.toml")
