"""What a reader can do with answers beside asking: choose their wording, save one, take the conversation along."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, get_args

import streamlit as st

from answer.receipt import load_key, make_receipt
from answer.schema import Answer, Detail
from ui import appointment, shared
from ui.keep import Turn
from ui.session import State

if TYPE_CHECKING:
    from answer.engine import Engine


def wording_switch(state: State) -> None:
    """Plain, standard or detailed: for the next answers, and at once for an ordinary answer shown last."""
    words = shared.parts().words
    turns = state.conversation.turns
    label = "detail_again" if turns and turns[-1].can_be_reworded else "detail_next"
    # A key of its own for each place, so that a switch always starts at what is chosen now.
    key = f"{state.conversation.id}-detail-{len(turns)}"
    with st.container(key="ka-detail"):
        st.segmented_control(
            words.text(label),
            get_args(Detail),
            default=state.detail,
            required=True,
            format_func=lambda detail: words.text(f"detail_{detail}"),
            key=key,
            on_change=state.choose_detail,
            args=(key,),
        )


def save_answer(state: State, turn: Turn, answer: Answer, engine: Engine) -> None:
    """A small button that saves an answer's receipt; it is made and signed when the button is pressed."""
    words = shared.parts().words
    st.download_button(
        words.text("save_answer"),
        partial(_receipt, answer, engine),
        file_name=words.text("save_answer_file", number=str(turn.number)),
        mime="application/json",
        help=words.text("save_answer_help"),
        key=f"{state.conversation.id}-{turn.number}-save",
        on_click="ignore",
        type="tertiary",
    )


def take_along(state: State) -> None:
    """A button that saves the conversation as a page to print; none while nothing in it is for an appointment."""
    here = shared.parts()
    turns = list(state.conversation.turns)
    if not appointment.for_appointment(turns):
        return
    st.download_button(
        here.words.text("appointment_button"),
        lambda: appointment.page(turns, here, date.today()),
        file_name=here.words.text("appointment_file"),
        mime="text/html",
        help=here.words.text("appointment_help"),
        key="ka-appointment",
        on_click="ignore",
    )


def _receipt(answer: Answer, engine: Engine) -> str:
    key = load_key(engine.settings.data_dir, create=True)
    return make_receipt(answer, engine, key).model_dump_json(indent=1) + "\n"
