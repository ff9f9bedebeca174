"""Read a patient's e-mail and ask the engine what is asked in it: what is answered, what needs a person, any danger.

Nothing is stored or logged. Only ``Hidden`` holds what identifies the patient; all else works on placeholders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal, get_args

from answer.audit import FIELD_KINDS
from answer.engine import HELP_FIRST, Engine
from answer.schema import Answer, Detail, Question
from desk.details import Hidden, hide
from desk.letter import Found, Reader, reader
from safety.privacy import redactor
from safety.triage import Triage

Length = Literal["short", "standard", "detailed"]
Tone = Literal["warm", "brief", "formal"]
Reason = Literal["advice", "no_evidence", "misuse", "injection", "abuse", "off_topic", "danger", "check_in", "under_18"]
LENGTHS: tuple[Length, ...] = get_args(Length)
TONES: tuple[Tone, ...] = get_args(Tone)
DETAIL: dict[Length, Detail] = {"short": "plain", "standard": "standard", "detailed": "detailed"}
LONGEST_MAIL = 20_000
MOST_QUESTIONS = 30
HISTORY = 3
SUBJECTS = FIELD_KINDS | {"population"}
"""Kinds of names that a question can be about."""

VERY_SURE, SURE, FEWEST_WORDS = 0.97, 0.9, 8
_BY_NOTICE: dict[str, Reason] = {"ask_your_clinician": "advice", "check_in": "check_in", "under_18": "under_18"}
_BY_OUTCOME: dict[str, Reason] = {
    **{outcome: outcome for outcome in ("no_evidence", "misuse", "injection", "abuse", "off_topic")},
    **dict.fromkeys(HELP_FIRST, "danger"),
}


class MailError(Exception):
    """A mail can't be read: the id of the interface text that says why."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A question of a mail: ``text`` as it stands there, ``asked`` as the engine is asked, ``history`` before it."""

    text: str
    asked: str
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Danger:
    """Words of a mail that tell of a crisis or an emergency, and the help for it."""

    text: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it was read. ``low`` are sentences that may tell of danger or sound as if things were hard;
    ``left_out`` counts questions beyond the most that are taken."""

    hidden: Hidden
    questions: tuple[Asking, ...]
    dangers: tuple[Danger, ...] = ()
    low: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """A question and its answer."""

    asking: Asking
    answer: Answer

    @property
    def is_answered(self) -> bool:
        """True when sentences with sources answer it."""
        return self.answer.outcome == "answered" and bool(self.answer.sentences)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why a clinician should look at it; nothing where the answer stands by itself."""
        found = [_BY_OUTCOME[self.answer.outcome]] if self.answer.outcome in _BY_OUTCOME else []
        found += [_BY_NOTICE[notice.id] for notice in self.answer.notices if notice.id in _BY_NOTICE]
        return tuple(dict.fromkeys(found))


@dataclass(slots=True)
class Drafter:
    """Reads mails and has their questions answered by one engine."""

    engine: Engine
    reader: Reader = field(default_factory=reader)

    def read(self, text: str) -> Mail:
        """What a mail asks and whether it tells of danger; nothing is looked up yet.

        Raises:
            MailError: there is no text, or more than ``LONGEST_MAIL`` characters.
        """
        if not text.strip():
            raise MailError("draft_empty")
        if len(text) > LONGEST_MAIL:
            raise MailError("draft_too_long")
        hidden = hide(text, redactor(self.engine.settings.corpus_dir).redact, self.reader)
        dangers, low = self._looked_through(hidden)
        found = self.reader.questions(hidden.text, self._names)
        unsafe = [danger.text for danger in dangers]
        asked = list(self._asked(hidden, found, unsafe))
        return Mail(hidden, tuple(asked[:MOST_QUESTIONS]), dangers, low, len(asked[MOST_QUESTIONS:]))

    def help_for(self, mail: Mail) -> list[Answer]:
        """The help to begin a reply with: one message for an emergency, one for a crisis, as far as there are."""
        first = {danger.answer.outcome: danger.answer for danger in reversed(mail.dangers)}
        return [first[outcome] for outcome in ("emergency", "crisis") if outcome in first]

    def answer(self, asking: Asking, length: Length) -> Item:
        """A question with its answer."""
        limit = self.engine.settings.max_question_chars
        question = Question(text=asking.asked[:limit], history=list(asking.history), detail=DETAIL[length])
        return Item(asking, self.engine.ask(question))

    def _asked(self, hidden: Hidden, found: Sequence[Found], unsafe: Sequence[str]) -> Iterator[Asking]:
        """The questions as the engine is asked them. Words of danger are never a question's context."""
        earlier: list[str] = []
        texts = {one.text for one in found}
        for one in found:
            is_safe = not any(one.context in danger or danger in one.context for danger in unsafe)
            asked = hidden.without_placeholders(one.asked)
            leans = bool(one.context) and is_safe and not one.about
            history = tuple(earlier[-HISTORY:]) if leans and one.context in texts else ()
            if leans and not history:
                asked = hidden.without_placeholders(f"{one.context} {one.text}")
            elif one.about and is_safe:
                asked = f"{', '.join(one.about)}: {asked}"
            yield Asking(one.text, asked, history)
            if not any(one.text in danger for danger in unsafe):
                earlier.append(asked)

    def _names(self, text: str) -> frozenset[str]:
        mentions = self.engine.vocabulary.mentions(text)
        return frozenset(mention.term.name for mention in mentions if mention.term.kind in SUBJECTS)

    def _looked_through(self, hidden: Hidden) -> tuple[tuple[Danger, ...], tuple[str, ...]]:
        """Every sentence, pair of sentences and the whole, quoted mail and signature too: (dangers, hard words)."""
        dangers: list[Danger] = []
        low: list[str] = []
        for text in dict.fromkeys(self._stretches(hidden.text)):
            if any(danger.text in text for danger in dangers):
                continue
            triage = self.engine.triage(text)
            if _tells_of_danger(triage, text, hidden.text) and (answer := self._help(text, hidden.text)):
                dangers.append(Danger(text, answer))
            elif _may_tell_of_danger(triage, text) and not any(one in text for one in low):
                low.append(text)
        return tuple(dangers), tuple(text for text in low if text != hidden.text)

    def _stretches(self, text: str) -> Iterator[str]:
        told = self.reader.sentences(text.replace(">", " "))
        yield from told
        yield from (f"{one} {other}" for one, other in pairwise(told))
        yield text

    def _help(self, text: str, whole: str) -> Answer | None:
        """The help for words of danger, for a young reader where the mail says so."""
        in_whole = self.engine.help_first(Question(text=text, history=[whole]))
        return in_whole or self.engine.help_first(Question(text=text))


def reworded(item: Asking, asked: str) -> Asking:
    """A question asked in staff's words, which stand for themselves."""
    return item if asked.strip() == item.asked else replace(item, asked=asked.strip(), history=())


def _tells_of_danger(triage: Triage, text: str, whole: str) -> bool:
    """Whether a part of a mail tells of danger.

    The classifier learnt from whole messages: of a sentence taken out of a mail ("Hello again") it is often wrong, so
    there it must be very sure, and the sentence no scrap.
    """
    if triage.outcome not in HELP_FIRST:
        return False
    is_sure = triage.confidence >= VERY_SURE and len(text.split()) >= FEWEST_WORDS
    return text == whole or is_sure or _by_rule(triage, [label for label in triage.labels if label in HELP_FIRST])


def _may_tell_of_danger(triage: Triage, text: str) -> bool:
    """Whether a person should read these words, though they don't raise the flag."""
    is_sure = triage.outcome in HELP_FIRST and triage.confidence >= SURE and len(text.split()) >= FEWEST_WORDS
    return is_sure or _by_rule(triage, tuple(HELP_FIRST))


def _by_rule(triage: Triage, labels: Sequence[str]) -> bool:
    """True when a rule, not the classifier alone, finds one of these labels."""
    found = (name.partition(":") for name in triage.evidence)
    return any(label in labels and rule != "classifier" for label, _, rule in found)


Tick = Callable[[int, int], None]


def answered(drafter: Drafter, questions: Sequence[Asking], length: Length, tick: Tick) -> list[Item]:
    """The questions with their answers; ``tick`` is told (done, total) after each."""
    items = []
    for asking in questions:
        items.append(drafter.answer(asking, length))
        tick(len(items), len(questions))
    return items
