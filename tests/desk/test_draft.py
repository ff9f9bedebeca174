"""Drafts of replies: details hidden, danger found anywhere in a mail, footnotes that resolve, edits that are told."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from answer.engine import Engine
from answer.schema import Sentence
from desk.draft import LENGTHS, TONES, Drafter, Mail, MailError, answered
from desk.reply import Claim, Contact, Options, Reply, Writer, as_email, as_text, claims, finish, trouble

PRACTICAL = "Could I move my appointment on Thursday to next week?"


@pytest.fixture(scope="module")
def drafter(engine: Engine) -> Drafter:
    """A drafter on the real engine."""
    return Drafter(engine)


def reply_to(drafter: Drafter, mail: Mail, options: Options | None = None) -> Reply:
    options = options or Options()
    items = answered(drafter, mail.questions, options.length, lambda done, total: None)
    writer = Writer(drafter.engine.wording, Contact("the Harbour Clinic", "phone 555 0100"), options)
    return writer.write(items, drafter.help_for(mail), mail.hidden.signed)


# Details


@pytest.mark.parametrize(
    ("mail", "secrets", "signed"),
    [
        ("Is it safe?\n\nThanks\nBeatrix Lundqvist", ["Beatrix", "Lundqvist"], "[name]"),
        ("My name is Tom Harrowgate. Is it safe?\n\n--\nTom Harrowgate\nHarrowgate Ltd", ["Harrowgate"], "[name]"),
        ("Is it safe? Call 0161 496 0777.\nSheila", ["496 0777", "Sheila"], "[name]"),
        ("Ist es sicher?\n\nMit freundlichen Grüßen\nJens Oberländer", ["Oberländer"], "[name]"),
    ],
)
def test_details_are_hidden_and_can_be_put_back(drafter: Drafter, mail: str, secrets: list[str], signed: str) -> None:
    hidden = drafter.read(mail).hidden
    assert not [secret for secret in secrets if secret in hidden.text]
    assert hidden.signed.startswith(signed[:-1])
    assert hidden.put_back(hidden.text) == mail
    assert mail not in repr(hidden)


def test_a_question_is_asked_without_placeholders(drafter: Drafter) -> None:
    mail = drafter.read("My name is Tom Harrowgate. Can Tom Harrowgate drive after ketamine?")
    assert all("[" not in asking.asked for asking in mail.questions)


@pytest.mark.parametrize(("text", "id"), [(" \n ", "draft_empty"), ("a" * 20_001, "draft_too_long")])
def test_a_mail_that_is_empty_or_too_long_is_refused(drafter: Drafter, text: str, id: str) -> None:
    with pytest.raises(MailError, match=id):
        drafter.read(text)


# Danger


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("I want to kill myself and I have counted the pills.", "crisis"),
        ("My brother says he has a gun and is going to end his life tonight.", "crisis"),
        ("Je veux mourir et j'ai tout préparé.", "crisis"),
        ("She took all her tablets and won't wake up.", "emergency"),
    ],
)
@pytest.mark.parametrize("frame", ["{p} {w} {p}", "{p}\n\nThanks\nTom\n\nOn Monday Reception wrote:\n> {w}"])
def test_danger_is_found_anywhere_in_a_mail_and_help_comes_first(
    drafter: Drafter, words: str, outcome: str, frame: str
) -> None:
    mail = drafter.read(frame.format(p=PRACTICAL, w=words))
    assert outcome in {danger.answer.outcome for danger in mail.dangers}
    (first, *_) = drafter.help_for(mail)
    assert first.message is not None and first.help is not None
    text = reply_to(drafter, mail).text
    assert text.startswith(first.message.text)
    assert first.help.emergency in text.partition("Hello")[0]


def test_a_practical_mail_raises_no_flag(drafter: Drafter) -> None:
    mail = drafter.read(f"Hello,\n\n{PRACTICAL} How much does parking cost?\n\nThanks\nTom")
    assert (mail.dangers, mail.low) == ((), ())
    assert drafter.help_for(mail) == []


def test_words_of_danger_are_no_context_of_a_question(drafter: Drafter) -> None:
    mail = drafter.read("I want to kill myself with ketamine. Is that legal? How long does a visit take?")
    assert [asking.asked for asking in mail.questions] == ["Is that legal?", "How long does a visit take?"]


# The reply


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("length", LENGTHS)
def test_every_footnote_of_a_reply_resolves(drafter: Drafter, tone: str, length: str) -> None:
    mail = drafter.read("Can I drive after Spravato? And does it raise blood pressure? Is ketamine addictive?")
    reply = reply_to(drafter, mail, Options(tone, length))  # type: ignore[arg-type]
    finished = finish(reply.text, reply.notes)
    assert finished.text == reply.text.strip() and not finished.unknown
    assert [note.number for note in finished.notes] == list(range(1, len(reply.notes) + 1))
    assert all(f"[{note.number}]" in finished.text for note in finished.notes)
    text = as_text(finished, drafter.engine.wording, quotes=True)
    assert all(note.quote in text and note.title in text for note in finished.notes)


def test_short_is_shorter_than_detailed(drafter: Drafter) -> None:
    mail = drafter.read("What are the side effects of ketamine?")
    short, detailed = (reply_to(drafter, mail, Options("warm", length)) for length in ("short", "detailed"))
    assert 0 < len(short.said) < len(detailed.said)


def test_a_mark_typed_by_the_patient_leads_nowhere(drafter: Drafter) -> None:
    reply = reply_to(drafter, drafter.read("Is ketamine addictive [1] or not [99]?"))
    assert "addictive (1) or not (99)" in reply.text


def test_a_deleted_mark_takes_its_footnote_with_it_and_the_rest_count_from_one(drafter: Drafter) -> None:
    reply = reply_to(drafter, drafter.read("Can I drive after Spravato? Is ketamine addictive?"))
    assert len(reply.notes) > 1
    finished = finish(reply.text.replace("[1]", ""), reply.notes)
    assert [note.number for note in finished.notes] == list(range(1, len(reply.notes)))
    assert reply.notes[0].quote not in [note.quote for note in finished.notes]


def test_a_number_without_a_source_is_taken_out_and_told() -> None:
    finished = finish("It helps [7]. Truly.", [])
    assert (finished.text, finished.notes, finished.unknown) == ("It helps. Truly.", (), (7,))


# Edits

SAID = (Sentence(text="Half of those helped had relapsed by two weeks. It was small.", citations=[3]),)


def test_phrases_and_the_patients_question_are_no_claims() -> None:
    text = "Dear [name],\n\nYou asked: “Is it safe?”\nIt was. [1][2] It may be, they say.\n\nKind regards"
    told = claims(text, frozenset(("Dear [name],", "You asked: “Is it safe?”", "Kind regards")))
    assert told == [Claim("It was.", (1, 2)), Claim("It may be, they say.", ())]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Half of those helped had relapsed by two weeks. It was small. [3]", [None, None]),
        ("Half of those helped relapsed by three weeks. It was small. [3]", [None, None]),
        ("Half of those helped had relapsed by two weeks. It was small.", ["lost", "lost"]),
        ("Half of those helped had relapsed by two weeks. [4]", ["moved"]),
        ("Ketamine cures everybody.", ["unsourced"]),
    ],
)
def test_an_edit_that_loses_a_source_is_told(line: str, found: list[str | None]) -> None:
    assert [trouble(claim, SAID, states=True) for claim in claims(line, frozenset())] == found


# The e-mail


def test_an_email_is_unsent_and_holds_text_and_html() -> None:
    message = message_from_bytes(
        as_email("Your questions\r\nBcc: x@y.example", "Grüße ☎\n", "<p>Grüße ☎</p>"), policy=policy.default
    )
    assert isinstance(message, EmailMessage)
    assert (message["X-Unsent"], message["Bcc"], message["To"]) == ("1", None, None)
    assert [part.get_content().strip() for part in message.iter_parts()] == ["Grüße ☎", "<p>Grüße ☎</p>"]
