"""Conversations kept in this process's memory so that reloading a page loses nothing.

The browser tab holds an unguessable id (sessionStorage: it dies with the tab and is never in an address); this keep
holds the turns for it. Nothing is written to disk. A turn in a crisis is kept without its words, only as "there was
a crisis here", so that help stays on the page and the safety rules still know.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from answer.schema import Answer, Detail

IDLE_SECONDS = 3600.0
MOST_KEPT = 2000
_NO_WORDS: dict[str, object] = {
    "message": None,
    "sentences": [],
    "citations": [],
    "notices": [],
    "follow_ups": [],
    "text": "",
}


def puts_help_first(answer: Answer) -> bool:
    """True for the two outcomes in which somebody may be in danger."""
    return answer.outcome in ("crisis", "emergency")


@dataclass(slots=True)
class Turn:
    """One question and what came of it.

    ``pending`` until it is being answered; with no answer after that it was stopped, ``failed``, or one of
    ``too_many`` in a short time. ``continued`` when the ordinary part of a message in crisis was asked for too.
    ``forgotten`` when only the need for help was kept.
    ``rewords`` names the turn whose question this one answers again in another wording. ``helpful`` is the reader's
    vote; ``commented``, ``kept`` and ``passed_on`` say whether words beside it, the question and a ticket were stored,
    None while none was sent; ``contact_problem`` is the id of what was wrong with the ticket's form.
    """

    number: int
    question: str
    answer: Answer | None = None
    pending: bool = True
    failed: bool = False
    too_many: bool = False
    continued: bool = False
    forgotten: bool = False
    detail: Detail = "plain"
    rewords: int | None = None
    helpful: bool | None = None
    commented: bool | None = None
    kept: bool | None = None
    passed_on: bool | None = None
    contact_problem: str = ""

    @property
    def in_crisis(self) -> bool:
        """True for a turn whose answer puts help lines first."""
        return self.answer is not None and puts_help_first(self.answer)

    @property
    def can_be_reworded(self) -> bool:
        """True for an ordinary answer: a reviewed message has one wording only."""
        return self.answer is not None and bool(self.answer.sentences) and not self.in_crisis

    def told_of_crisis(self) -> bool:
        """True when the safety rules found a crisis (an emergency of the body alone is none)."""
        return self.answer is not None and (self.answer.outcome == "crisis" or "crisis" in self.answer.labels)

    def without_words(self) -> Turn:
        """What is kept of this turn: everything, or only that help is needed."""
        if self.answer is None or not self.in_crisis:
            return replace(self)
        return replace(self, question="", answer=self.answer.model_copy(update=_NO_WORDS), forgotten=True)


def new_id() -> str:
    """An id that can't be guessed."""
    return secrets.token_urlsafe(24)


@dataclass(slots=True)
class Conversation:
    """The turns of one reader, oldest first."""

    id: str = field(default_factory=new_id)
    turns: list[Turn] = field(default_factory=list)

    def add(self, question: str, detail: Detail = "plain") -> Turn:
        """Begin a turn; it is part of the conversation before it is answered."""
        turn = Turn(len(self.turns) + 1, question, detail=detail)
        self.turns.append(turn)
        return turn

    def reword(self, turn: Turn, detail: Detail) -> Turn:
        """Begin a turn that asks the question of ``turn`` again, for another wording."""
        again = self.add(turn.question, detail)
        again.rewords = turn.rewords or turn.number
        return again

    def reads_as_before(self, turn: Turn) -> bool:
        """True when an answer in another wording has the very sentences of the one before it."""
        if turn.rewords is None or turn.answer is None:
            return False
        before = self.turns[turn.number - 2].answer
        return before is not None and before.sentences == turn.answer.sentences

    def history_before(self, turn: Turn, stand_in: str) -> list[str]:
        """What the reader said before ``turn``; a crisis whose words weren't kept is told by ``stand_in``.

        A question asked again for its wording counts once, and has the history it had the first time.
        """
        earlier = [t for t in self.turns[: (turn.rewords or turn.number) - 1] if t.rewords is None]
        said = [stand_in if t.forgotten and t.told_of_crisis() else t.question for t in earlier]
        return [text for text in said if text]


class Keep:
    """Kept conversations by id; the longest unused go first. Safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, tuple[Turn, ...]]] = OrderedDict()

    def put(self, conversation: Conversation) -> None:
        """Keep this conversation as it is now."""
        turns = tuple(turn.without_words() for turn in conversation.turns)
        with self._lock:
            self._kept[conversation.id] = (self._clock(), turns)
            self._kept.move_to_end(conversation.id)
            self._drop_old()

    def get(self, id: str) -> Conversation | None:
        """The kept conversation, or None when there is none of that id any more."""
        with self._lock:
            self._drop_old()
            if id not in self._kept:
                return None
            turns = self._kept[id][1]
        return Conversation(id, [replace(turn) for turn in turns])

    def forget(self, id: str) -> None:
        """Delete a conversation."""
        with self._lock:
            self._kept.pop(id, None)

    def _drop_old(self) -> None:
        oldest = self._clock() - IDLE_SECONDS
        while self._kept and (len(self._kept) > MOST_KEPT or next(iter(self._kept.values()))[0] < oldest):
            self._kept.popitem(last=False)
