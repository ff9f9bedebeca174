"""An answer told as it comes about: what stands first, then each sentence with its citations, then the whole.

Nothing told is ever withdrawn: the whole answer at the end begins with the sentences that were told.
"""

from collections.abc import Generator
from typing import Literal, NamedTuple, cast

from pydantic import BaseModel, Field

from answer.schema import Answer, Citation, Message, Notice, Sentence
from safety.crisis import Help
from safety.triage import Outcome


class Opening(BaseModel):
    """What a reader sees before any sentence: a message, and help where somebody may be in danger."""

    outcome: Outcome
    message: Message | None = None
    help: Help | None = None
    notices: list[Notice] = Field(default_factory=list)


class Event(NamedTuple):
    """One step of an answer; ``data`` is an ``Opening``, ``Citation``, ``Sentence`` or, at the end, the ``Answer``."""

    name: Literal["message", "citation", "sentence", "done"]
    data: BaseModel


Told = Generator[Event, None, None]
Telling = Generator[Event, None, Answer]
"""Events while an answer is made; the answer is what it returns."""


def made(telling: Telling) -> Answer:
    """The answer alone; its events are dropped."""
    while True:
        try:
            next(telling)
        except StopIteration as stop:
            return cast(Answer, stop.value)


class Teller:
    """Turns a growing answer into events, each thing once."""

    def __init__(self) -> None:
        self._opened = False
        self._cited = 0
        self._said = 0

    def opening(self, opening: Opening) -> Told:
        """The message and the help, where there are any; told once."""
        if not self._opened and (opening.message or opening.help):
            yield Event("message", opening)
        self._opened = True

    def sentences(self, citations: list[Citation], sentences: list[Sentence]) -> Told:
        """What is new of these sentences, each after the citations that it is the first to use."""
        for sentence in sentences[self._said :]:
            last = max(sentence.citations)
            for citation in citations[self._cited : last]:
                yield Event("citation", citation)
            self._cited = max(self._cited, last)
            yield Event("sentence", sentence)
        self._said = len(sentences)

    def restart(self) -> None:
        """Count nothing as told: what was made so far has not been passed on."""
        self._opened, self._cited, self._said = False, 0, 0

    def whole(self, answer: Answer) -> Told:
        """What was not told yet, then the answer itself."""
        yield from self.opening(
            Opening(outcome=answer.outcome, message=answer.message, help=answer.help, notices=answer.notices)
        )
        yield from self.sentences(answer.citations, answer.sentences)
        yield Event("done", answer)
