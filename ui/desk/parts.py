"""What several pages of the desk draw alike: the answer a reader saw, who a thing is given to, what was just done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from answer.schema import Answer
from desk.models import User
from desk.users import Users
from errors import OperatorError
from ui import answers, shared
from ui.cards import cards
from ui.desk.door import Staff
from ui.words import Words, literal

DONE = "ka_desk_done"
"""Id of the sentence about what was just done, for the run that comes next."""


def answer_seen(stored: Mapping[str, Any], words: Words) -> str:
    """The answer that a reader saw, as HTML with its sources; a sentence where none is stored."""
    try:
        answer = Answer.model_validate({**stored, "id": "stored", "text": ""})
    except ValidationError:
        return f'<p class="ka-quiet">{words.html("desk_no_answer")}</p>'
    return f"{answers.whole(1, answer, words)}{cards(1, answer, words)}"


def colleagues(staff: Staff) -> dict[int, User]:
    """Everybody who may be given something, by id."""
    return {user.id: user for user in Users(staff.database).all() if not user.disabled}


def choose_colleague(staff: Staff, label: str, chosen: int | None, key: str, nobody: str) -> int | None:
    """A list of everybody to choose from, ``nobody`` first; it begins at ``chosen``."""
    users = colleagues(staff)
    ids: Sequence[int | None] = [None, *users]
    begin_at(key, chosen, ids)
    return st.selectbox(
        staff.words.text(label),
        ids,
        format_func=lambda id: literal(users[id].name) if id is not None else staff.words.text(nobody),
        key=key,
    )


def assign_form(staff: Staff, chosen: int | None, key: str, assign: Callable[[User | None], object]) -> None:
    """A list of everybody with a button, which gives the thing to who was chosen."""
    with st.form(f"{key}-form", border=False):
        id = choose_colleague(staff, "desk_assign", chosen, key, "desk_nobody")
        pressed = st.form_submit_button(staff.words.text("desk_assign_button"))
    if pressed:
        users = colleagues(staff)
        do(lambda: assign(users[id] if id is not None else None), "desk_assigned")


def begin_at(key: str, value: object, options: Sequence[object] | None = None) -> None:
    """What a field holds when it is first drawn; a value that is no longer an option becomes the first one."""
    st.session_state.setdefault(key, value)
    if options is not None and st.session_state[key] not in options:
        st.session_state[key] = options[0]


def do(action: Callable[[], object], done: str) -> None:
    """Do something that changes the database and draw the page anew, or say why it can't be done.

    Call it inside a run, never in a callback: a callback runs before the page has looked up who is signed in.
    """
    try:
        action()
    except OperatorError as error:
        st.warning(literal(str(error)))
        return
    except SQLAlchemyError:
        st.warning(shared.parts().words.text("desk_not_stored"))
        return
    st.session_state[DONE] = done
    st.rerun()


def say_what_was_done(words: Words) -> None:
    """The sentence about what the run before did, once."""
    done = st.session_state.pop(DONE, None)
    if done:
        st.html(f'<p class="ka-done" role="status">{words.html(done)}</p>')


def pager(words: Words, number: int, pages: int, key: str) -> int:
    """Buttons for the page before and after: the number of the page to show, from 0."""
    if pages <= 1:
        return 0
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-pager"):
        if st.button(words.text("desk_page_before"), disabled=number == 0, key=f"{key}-before"):
            number -= 1
        if st.button(words.text("desk_page_next"), disabled=number >= pages - 1, key=f"{key}-next"):
            number += 1
        told = words.html("desk_page", number=f"{number + 1:,}", pages=f"{pages:,}")
        st.html(f'<p class="ka-small">{told}</p>', width="content")
    return number
