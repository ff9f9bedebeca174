"""The reader's own state on the chat page: their conversation, the question waiting to be asked, what to announce."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from answer.schema import Detail
from ui import shared
from ui.keep import Conversation, Turn, new_id

_STATE = "ketamine_answers"


@dataclass(slots=True)
class State:
    """Everything the chat page remembers between two runs of its script."""

    conversation: Conversation = field(default_factory=Conversation)
    waiting: str | None = None
    too_long: str | None = None
    announcement: str = ""
    announced: str = ""
    scroll_to: str = ""
    resumed: bool = False
    detail: Detail = "plain"
    id: str = field(default_factory=new_id)

    def client(self) -> str:
        """Who asks, for the limits: the address, or this session where the address says nothing (this machine)."""
        return st.context.ip_address or self.id

    def begin_run(self) -> None:
        """What a run announces or brings into view is its own; a crisis found after a reload is brought into view."""
        turns = self.conversation.turns
        found = self.resumed and bool(turns) and turns[-1].in_crisis
        self.announcement = self.announced = ""
        self.scroll_to = self.anchor(turns[-1], "answer") if found else ""
        self.resumed = False

    def anchor(self, turn: Turn, part: str) -> str:
        """Names a place in this conversation for the bridge to bring into view, once."""
        return f"{self.conversation.id}/a{turn.number}-{part}"

    def start_anew(self) -> None:
        """Forget this conversation, here and in the keep."""
        shared.parts().keep.forget(self.conversation.id)
        self.conversation, self.too_long = Conversation(), None

    def ask_next(self, question: str) -> None:
        """Ask ``question`` in the coming run, as if it had been typed."""
        self.waiting = question

    def take_waiting(self) -> str | None:
        """The question to ask now, once."""
        question, self.waiting = self.waiting, None
        return question

    def saved(self) -> None:
        """Keep the conversation for a reload."""
        shared.parts().keep.put(self.conversation)

    def resume(self, id: str) -> bool:
        """Take up a kept conversation, unless this one has begun already or nothing is kept. True when taken up."""
        kept = None if self.conversation.turns else shared.parts().keep.get(id)
        if kept is None:
            return False
        self.conversation, self.resumed = kept, True
        self.detail = kept.turns[-1].detail if kept.turns else self.detail
        return True

    def choose_detail(self, widget: str) -> None:
        """Answer from now on as the switch of this key says; what was answered last is answered again that way."""
        chosen: Detail | None = st.session_state[widget]
        if chosen is None or chosen == self.detail:
            return
        self.detail = chosen
        turns = self.conversation.turns
        if turns and turns[-1].can_be_reworded:
            self.conversation.reword(turns[-1], chosen)

    def again(self, turn: Turn, *, continued: bool = False) -> None:
        """Answer a turn anew in the coming run: it was stopped or failed, or a question stood beside a crisis."""
        turn.pending, turn.failed, turn.continued = True, False, continued


def state() -> State:
    """This session's state."""
    if _STATE not in st.session_state:
        st.session_state[_STATE] = State()
    found: State = st.session_state[_STATE]
    return found
