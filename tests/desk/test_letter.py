"""How a mail is read: quoted mail and signatures left out, the questions in it found, marked or not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.letter import LetterRulesError, reader

DRUGS = re.compile(r"ketamine|spravato|sertraline|lithium", re.IGNORECASE)


def named(text: str) -> frozenset[str]:
    return frozenset(found.lower() for found in DRUGS.findall(text))


def asked(mail: str) -> list[str]:
    return [found.text for found in reader().questions(mail, named)]


@pytest.mark.parametrize(
    "announced",
    [
        "On Tue, 3 Nov 2026 at 10:12, Reception <r@clinic.example> wrote:\n> Any allergies?",
        "On Tue, 3 Nov 2026 at 10:12, Reception of the clinic\n<r@clinic.example> wrote:\n\nAny allergies?",
        "Am 3.11.2026 um 10:12 schrieb Empfang:\n> Any allergies?",
        "Le mar. 3 nov. 2026 à 10:12, Accueil a écrit :\n> Any allergies?",
        "-----Original Message-----\nAny allergies?",
        "From: Reception\nSent: 3 November\n\nAny allergies?",
    ],
)
def test_earlier_mail_asks_nothing(announced: str) -> None:
    assert asked(f"Is it safe?\n\n{announced}\n") == ["Is it safe?"]


def test_an_answer_between_quoted_lines_is_read() -> None:
    assert asked("On Monday Reception wrote:\n> Any allergies?\nNo. Does that matter?\n> Mornings?") == [
        "Does that matter?"
    ]


@pytest.mark.parametrize(
    "signature",
    [
        "Kind regards\nTom\nHave you tried our app?",
        "-- \nTom\nHave you tried our app?",
        "Many thanks, Tom\nHave you tried our app?",
        "Mit freundlichen Grüßen\nTom\nHaben Sie Fragen?",
        "Sent from my iPhone",
    ],
)
def test_a_signature_asks_nothing(signature: str) -> None:
    assert asked(f"Is it safe?\n\n{signature}\n") == ["Is it safe?"]


def test_a_postscript_is_read() -> None:
    assert asked("Is it safe?\n\nThanks\nTom\n\nPS: does it hurt?") == ["Is it safe?", "does it hurt?"]


def test_thanks_inside_a_sentence_close_nothing() -> None:
    assert asked("Thanks for seeing me on Monday.\nIs it safe?") == ["Is it safe?"]


@pytest.mark.parametrize(
    "told",
    [
        "I wonder whether ketamine is safe for me.",
        "Please tell me about the cost.",
        "I'd like to know how long it takes.",
        "I don't know if I need a referral.",
        "Please let me know what I should bring.",
        "can i eat before the infusion",
        "Ich würde gern wissen, was es kostet.",
        "Je voudrais savoir combien cela coûte.",
        "Quisiera saber si es adictiva.",
        "Θα ήθελα να μάθω πόσο κοστίζει.",
    ],
)
def test_a_question_without_its_mark_is_found(told: str) -> None:
    assert len(asked(f"Hello,\n\nI saw your page. \n{told}\n")) == 1


@pytest.mark.parametrize(
    "told",
    [
        "How are you?",
        "Just to let you know that I got home fine.",
        "I don't know what to do.",
        "Please let me know if you need anything.",
        "I stopped what I was doing when it began.",
    ],
)
def test_what_asks_nothing_is_left_out(told: str) -> None:
    assert asked(told) == []


def test_three_questions_in_one_sentence_are_three() -> None:
    found = asked("What does it cost, how many sessions would I need and does insurance pay?")
    assert found == ["What does it cost", "how many sessions would I need", "does insurance pay?"]


def test_numbered_questions_and_lists_are_split() -> None:
    assert asked("Three things: (1) Is it safe? (2) Does it hurt?") == ["Is it safe?", "Does it hurt?"]
    assert asked("My questions:\n- the price\n- driving home\n\nThat is all.") == ["the price", "driving home"]


def test_a_condition_stays_with_its_question() -> None:
    assert asked("Is it safe? If not, how long must I wait?") == ["Is it safe?", "If not, how long must I wait?"]


def test_a_line_that_a_mail_program_broke_is_read_as_one() -> None:
    broken = "I have been reading your leaflet and I wonder whether this would be\nsafe for my mother."
    assert asked(broken) == [broken.replace("\n", " ")]


def test_a_question_that_points_back_keeps_the_sentence_before_it() -> None:
    (found,) = reader().questions("We read that ketamine works fast. Is that true?", named)
    assert found.context == "We read that ketamine works fast."


def test_a_medicine_named_just_before_belongs_to_the_question() -> None:
    (found,) = reader().questions("I take sertraline. Must I stop before ketamine?", named)
    assert (found.about, found.context) == (("sertraline",), "I take sertraline.")


def test_what_only_introduces_a_question_is_not_asked() -> None:
    (found,) = reader().questions("I'd also like to know whether ketamine is safe.", named)
    assert found.asked == "ketamine is safe."


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_read(mail: str) -> None:
    for found in reader().questions(mail, named):
        assert found.text.strip()


def test_a_long_mail_without_any_structure_is_read() -> None:
    assert reader().questions("word, " * 3333, named) == []


def test_missing_rules_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from desk import letter

    monkeypatch.setattr(letter, "RULES", letter.RULES.with_name("none.toml"))
    letter.reader.cache_clear()
    with pytest.raises(LetterRulesError, match=r"none\.toml"):
        letter.reader()
    letter.reader.cache_clear()


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", ["\n", "> ", "?", "on\n", "I wonder ", "(a) ", "and what is ", "Thanks ", "[name] ", ". [1] ", "if x", "-"]
)
def test_odd_mails_of_full_length_are_read_in_seconds(piece: str) -> None:
    mail = (piece * 20_000)[:20_000]
    reader().questions(mail, named)
    reader().signature(mail)
