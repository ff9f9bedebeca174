"""The reply to a mail: text with [1] marks, footnotes numbered over the whole reply, and what edits did to them.

The text is what staff edit; footnotes are kept beside it and follow the marks that are left in it. All phrases come
from ``prompts/interface``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from typing import Literal

from answer.schema import Answer, Citation, Sentence
from desk.draft import Item, Length, Tone
from ingest.split import sentences
from safety.outgoing import Outgoing
from safety.wording import Wording

MOST_SENTENCES: dict[Length, int] = {"short": 2, "standard": 4, "detailed": 1000}
SAME = 0.5
"""Least likeness of an edited sentence to a drafted one for it to be the same, changed."""

_SHOWN = ("ask_your_clinician", "other_country", "off_label", "weigh_harms", "sources_disagree", "under_18",
          "clinic_source", "translated")  # fmt: skip
_MARK = re.compile(r"\[(\d{1,3})\]")
_MARKS_BEHIND = re.compile(r"([.!?…]+[\"”’)]?)\s*((?:\[\d{1,3}\]\s?)+)")
_SPACE_BEFORE_END = re.compile(r"(?<![ \t])[ \t]+(?=[.,;:!?\n]|$)")

Trouble = Literal["lost", "unsourced", "moved"]


@dataclass(frozen=True, slots=True)
class Options:
    """How a reply is worded, and how long its answers are."""

    tone: Tone = "warm"
    length: Length = "standard"


@dataclass(frozen=True, slots=True)
class Reply:
    """``text`` without its footnotes; ``notes`` by number; ``said`` the sentences that rest on them; ``phrases`` the
    lines that are reviewed wording or the patient's own question, and state nothing of the literature."""

    text: str
    notes: tuple[Citation, ...]
    said: tuple[Sentence, ...]
    phrases: frozenset[str]


@dataclass(frozen=True, slots=True)
class Finished:
    """A text to send: its marks count from 1 and each has its note. ``unknown`` marks had none and are taken out."""

    text: str
    notes: tuple[Citation, ...]
    unknown: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of a text and the numbers behind it; ``following`` are those behind the next sentences of its line,
    which may carry the source of both."""

    text: str
    numbers: tuple[int, ...]
    following: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """Who signs: the clinic's name and how to reach it."""

    clinic: str
    contact: str


class Writer:
    """Writes replies in reviewed phrases."""

    def __init__(self, wording: Wording, contact: Contact, options: Options) -> None:
        self._wording, self._contact, self.options = wording, contact, options

    def write(self, items: Sequence[Item], first_help: Sequence[Answer], name: str) -> Reply:
        """The reply: help first where there is danger, then greeting, an answer per question, closing.

        Args:
            items: the questions, in order; those without an answer are left to a person.
            first_help: the help to begin with.
            name: whom to greet; empty for nobody.
        """
        told = [item for item in items if item.is_answered]
        notes: dict[tuple[str, str], Citation] = {}
        said: list[Sentence] = []
        blocks = [line for help_ in first_help for line in (_message(help_), self._lines(help_)) if line]
        blocks += [self._greeting(name), self._phrase("opening" if told else "opening_none")]
        phrases, shown = set(blocks), set[str]()
        for item in told:
            own = [_renumbered(sentence, item.answer, notes) for sentence in kept(item, self.options.length)]
            asked = self._phrase("question", question=_MARK.sub(r"(\1)", item.asking.text))
            notices = [notice.text for notice in item.answer.notices if notice.id in _SHOWN]
            notices = [text for text in notices if text not in shown]
            phrases |= {asked, *notices}
            shown |= set(notices)
            said += own
            blocks += ["\n".join([asked, " ".join(map(_marked, own))]), *notices]
        last = "open" if len(told) < len(items) else "ask"
        closing = [self._phrase("general"), self._phrase(last), f"{self._phrase('regards')}\n{self._contact.clinic}"]
        phrases |= {line for block in closing for line in block.split("\n")}
        phrases |= {line for block in phrases for line in block.split("\n")}
        return Reply("\n\n".join([*blocks, *closing]), tuple(notes.values()), tuple(said), frozenset(phrases))

    def _greeting(self, name: str) -> str:
        return self._phrase("greeting", name=name) if name else self._phrase("greeting_nobody")

    def _lines(self, answer: Answer) -> str:
        """The help lines, one a line; the emergency number first where the body is in danger."""
        if answer.help is None:
            return ""
        told = [
            " · ".join(filter(None, (line.name, line.number, line.text, line.hours, line.url)))
            for line in answer.help.lines
        ]
        number = answer.help.emergency
        dialled = f"{self._wording.interface('help_emergency')} {number}"
        emergency = dialled if number[:1].isdigit() else self._wording.interface("help_emergency_any")
        return "\n".join([emergency, *told] if answer.help.reason == "emergency" else [*told, emergency])

    def _phrase(self, id: str, **fields: str) -> str:
        fields |= {"clinic": self._contact.clinic, "contact": self._contact.contact}
        return self._wording.interface(f"draft_{id}_{self.options.tone}", **fields)


def kept(item: Item, length: Length) -> list[Sentence]:
    """The sentences of an answer that a reply of this length holds; never without the harms or the other side."""
    told = item.answer.sentences
    most = MOST_SENTENCES[length]
    if any(notice.id == "sources_disagree" for notice in item.answer.notices):
        return list(told)
    if not _outgoing().is_choosing(item.asking.asked):
        return list(told[:most])
    harms = [sentence for sentence in told if _tells_harm(sentence, item.answer)]
    missing = [] if any(sentence in harms for sentence in told[:most]) else harms[:1]
    return [*told[:most], *missing]


def finish(text: str, notes: Sequence[Citation]) -> Finished:
    """An edited text, its marks numbered anew by their order, with the notes they lead to."""
    known = {note.number: note for note in notes}
    numbers: dict[int, int] = {}
    unknown: dict[int, None] = {}

    def mark(found: re.Match[str]) -> str:
        number = int(found[1])
        if number not in known:
            unknown[number] = None
            return ""
        return f"[{numbers.setdefault(number, len(numbers) + 1)}]"

    shown = _MARK.sub(mark, text)
    shown = _SPACE_BEFORE_END.sub("", shown) if unknown else shown
    kept_notes = (known[old].model_copy(update={"number": new}) for old, new in numbers.items())
    return Finished(shown.strip(), tuple(kept_notes), tuple(unknown))


def claims(text: str, phrases: frozenset[str]) -> list[Claim]:
    """The sentences of a text that staff or the sources stand for: all but reviewed phrases."""
    found: list[Claim] = []
    for line in (line.strip() for line in text.split("\n")):
        if line and line not in phrases:
            found += reversed(list(_claims(sentences(_MARKS_BEHIND.sub(_before_the_end, line)))))
    return found


def trouble(claim: Claim, said: Sequence[Sentence], *, states: bool) -> Trouble | None:
    """What an edit did to the source of a sentence.

    Args:
        claim: an edited sentence.
        said: the sentences as drafted.
        states: whether it states something at all.
    """
    before = _counterpart(claim.text, said)
    if claim.numbers:
        return "moved" if before and not set(before.citations) & set(claim.numbers) else None
    if before:
        return None if set(before.citations) & set(claim.following) else "lost"
    return "unsourced" if states else None


def as_text(finished: Finished, wording: Wording, *, quotes: bool) -> str:
    """The text with its footnotes below; ``quotes`` adds the words relied on."""
    if not finished.notes:
        return f"{finished.text}\n"
    notes = "\n".join(note_line(note, quotes=quotes) for note in finished.notes)
    return f"{finished.text}\n\n{wording.interface('draft_sources')}\n{notes}\n"


def published_in(note: Citation) -> str:
    """Publisher and year, the year once."""
    year = "" if note.year is None or str(note.year) in note.publisher else str(note.year)
    return ", ".join(filter(None, (note.publisher, year)))


def note_line(note: Citation, *, quotes: bool) -> str:
    """One footnote on a line."""
    published = published_in(note)
    quote = f" “{note.quote}”" if quotes else ""
    end = "" if note.title.endswith((".", "?", "!")) else "."
    return " ".join(f"[{note.number}] {note.title}{end} {published}.{quote} {note.url or ''}".split())


def as_email(subject: str, text: str, page: str) -> bytes:
    """An unsent message (.eml) with a text and an HTML part, to be opened and sent from a mail program."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = " ".join(subject.split())
    message["X-Unsent"] = "1"
    message.set_content(text)
    message.add_alternative(page, subtype="html")
    return message.as_bytes()


def _claims(pieces: Sequence[str]) -> Iterator[Claim]:
    """The sentences of a line, the last one first."""
    following: tuple[int, ...] = ()
    for piece in reversed(pieces):
        numbers = tuple(int(number) for number in _MARK.findall(piece))
        bare = _SPACE_BEFORE_END.sub("", _MARK.sub("", piece)).strip()
        if any(map(str.isalpha, bare)):
            yield Claim(bare, numbers, following)
        following = numbers or following


def _before_the_end(found: re.Match[str]) -> str:
    """Marks in front of the full stop, so that a sentence ends where its words do."""
    return f" {found[2].replace(' ', '')}{found[1]} "


def _counterpart(text: str, said: Sequence[Sentence]) -> Sentence | None:
    """The drafted sentence that an edited one comes from, or is a part of."""
    if whole := next((one for one in said if text in one.text), None):
        return whole
    words = text.lower().split()
    likeness = [(SequenceMatcher(None, words, one.text.lower().split()).ratio(), one) for one in said]
    best = max(likeness, key=lambda pair: pair[0], default=None)
    return best[1] if best and best[0] >= SAME else None


def _renumbered(sentence: Sentence, answer: Answer, notes: dict[tuple[str, str], Citation]) -> Sentence:
    by_number = {citation.number: citation for citation in answer.citations}
    numbers = []
    for citation in (by_number[number] for number in sentence.citations):
        key = citation.passage_id, citation.quote
        notes.setdefault(key, citation.model_copy(update={"number": len(notes) + 1}))
        numbers.append(notes[key].number)
    return Sentence(text=sentence.text, citations=sorted(set(numbers)))


def _marked(sentence: Sentence) -> str:
    return f"{sentence.text} {''.join(f'[{number}]' for number in sentence.citations)}"


def _message(answer: Answer) -> str:
    return answer.message.text if answer.message else ""


def _tells_harm(sentence: Sentence, answer: Answer) -> bool:
    sections = {citation.number: citation.section for citation in answer.citations}
    return any(_outgoing().tells_harm(sentence.text, sections[number]) for number in sentence.citations)


@cache
def _outgoing() -> Outgoing:
    return Outgoing()
