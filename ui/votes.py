"""What a reader may say about an answer: a vote, words beside it, and whether the clinic may have the question.

Each is stored by the recorder or not at all; nothing here can fail in a way that costs the reader the page.
"""

from __future__ import annotations

import streamlit as st

from answer.schema import Answer, Question
from desk.contact import ROUTES, Contact, ContactError
from desk.record import FEEDBACK_CHARS
from ui import shared
from ui.keep import Turn
from ui.session import State


def thumbs(state: State, turn: Turn, answer: Answer) -> None:
    """Thumbs up or down, stored at once."""
    words, key = shared.parts().words, _key(state, turn, "thumbs")
    st.feedback("thumbs", key=key, on_change=_vote, args=(state, turn, answer, key))
    if turn.helpful is not None:
        st.html(f'<p class="ka-small" role="status">{words.html("vote_thanks")}</p>', width="content")


def offers(state: State, turn: Turn, answer: Answer) -> None:
    """Below the vote: words beside it, and what the clinic may have. Nothing where the settings keep nothing."""
    recorder = shared.parts().recorder
    if recorder is None or turn.forgotten:
        return
    with st.container(key=_key(state, turn, "offers")):
        if turn.helpful is not None and recorder.offers_words(answer):
            _words_beside(state, turn, answer)
        if recorder.offers_to_keep(answer, unhelpful=turn.helpful is False):
            _keep(state, turn, answer)
        if recorder.offers_to_ask_clinic(answer):
            _ask_clinic(state, turn, answer)


def agreed_note() -> str:
    """A sentence as HTML, that nothing is stored without the reader's word; none where nothing is stored at all."""
    here = shared.parts()
    settings = here.settings
    kept = (settings.keep_unanswered, settings.keep_conversations, settings.keep_feedback_text, settings.ask_clinic)
    if here.recorder is None or not any(kept):
        return ""
    return f" {here.words.html('kept_note_agreed', clinic=settings.clinic_name)}"


def _vote(state: State, turn: Turn, answer: Answer, key: str) -> None:
    chosen = st.session_state.get(key)
    if chosen is None:
        return
    turn.helpful = bool(chosen)
    recorder = shared.parts().recorder
    if recorder:
        recorder.feedback(answer, turn.helpful)
    state.saved()


def _words_beside(state: State, turn: Turn, answer: Answer) -> None:
    words = shared.parts().words
    if turn.commented is not None:
        _told("comment_thanks" if turn.commented else "not_stored")
        return
    key = _key(state, turn, "comment")
    with st.form(f"{key}-form", border=False):
        label = words.text("comment_label_up" if turn.helpful else "comment_label_down")
        st.text_area(label, key=key, max_chars=FEEDBACK_CHARS, height=80)
        st.html(f'<p class="ka-small">{words.html("comment_consent", clinic=shared.parts().settings.clinic_name)}</p>')
        st.form_submit_button(words.text("comment_send"), on_click=_comment, args=(state, turn, answer, key))


def _comment(state: State, turn: Turn, answer: Answer, key: str) -> None:
    text, recorder = str(st.session_state.get(key) or ""), shared.parts().recorder
    if recorder and text.strip():
        turn.commented = recorder.feedback(answer, bool(turn.helpful), text, consent=True)
        state.saved()


def _keep(state: State, turn: Turn, answer: Answer) -> None:
    words = shared.parts().words
    if turn.kept is not None:
        _told("keep_thanks" if turn.kept else "not_stored")
        return
    st.html(f'<p class="ka-small">{words.html("keep_question")}</p>')
    key = _key(state, turn, "keep")
    st.button(words.text("keep_button"), key=key, on_click=_keep_it, args=(state, turn, answer))


def _keep_it(state: State, turn: Turn, answer: Answer) -> None:
    recorder = shared.parts().recorder
    if recorder:
        unhelpful = turn.helpful is False
        turn.kept = recorder.keep(_question(turn), answer, consent=True, unhelpful=unhelpful)
        state.saved()


def _ask_clinic(state: State, turn: Turn, answer: Answer) -> None:
    """A ticket: how to reach the reader, in a way of their choice, and that the clinic may use it for the reply."""
    here = shared.parts()
    words, clinic = here.words, here.settings.clinic_name
    if turn.passed_on is not None:
        _told("ask_clinic_thanks" if turn.passed_on else "not_stored")
        return
    key = _key(state, turn, "clinic")
    with st.expander(words.text("ask_clinic", clinic=clinic), expanded=bool(turn.contact_problem)):
        st.html(f'<p class="ka-small">{words.html("ask_clinic_told", clinic=clinic)}</p>')
        if turn.contact_problem:
            st.html(f'<p class="ka-too-long" role="alert">{words.html(turn.contact_problem)}</p>')
        with st.form(f"{key}-form", border=False):
            st.radio(
                words.text("ask_clinic_route"),
                ROUTES,
                format_func=lambda route: words.text(f"ask_clinic_{route}"),
                key=f"{key}-route",
                horizontal=True,
            )
            st.text_input(words.text("ask_clinic_contact"), key=f"{key}-contact", max_chars=200)
            st.checkbox(words.text("ask_clinic_consent", clinic=clinic), key=f"{key}-consent")
            st.form_submit_button(words.text("ask_clinic_send"), on_click=_pass_on, args=(state, turn, answer, key))


def _pass_on(state: State, turn: Turn, answer: Answer, key: str) -> None:
    given, recorder = st.session_state, shared.parts().recorder
    turn.contact_problem = ""
    try:
        contact = Contact.read(given[f"{key}-route"], str(given[f"{key}-contact"]))
    except ContactError:
        turn.contact_problem = f"ask_clinic_not_{given[f'{key}-route']}"
        return
    if not given[f"{key}-consent"]:
        turn.contact_problem = "ask_clinic_no_consent"
        return
    if recorder and turn.passed_on is None:
        turn.passed_on = recorder.ask_clinic(_question(turn), answer, contact, consent=True)
        state.saved()


def _told(id: str) -> None:
    here = shared.parts()
    told = here.words.html(id, clinic=here.settings.clinic_name, contact=here.settings.clinic_contact)
    st.html(f'<p class="ka-small" role="status">{told}</p>')


def _question(turn: Turn) -> Question:
    return Question(text=turn.question)


def _key(state: State, turn: Turn, name: str) -> str:
    return f"{state.conversation.id}-{turn.number}-{name}"
