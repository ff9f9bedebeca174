"""The chat page: questions, cited answers, help first when somebody may be in danger.

A question is part of the conversation before it is answered, and an answer as soon as it exists, so that the stop
button, a rerun or a reload loses nothing.
"""

from uuid import uuid4

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from answer.company import company
from answer.schema import Answer, Question
from ui import actions, answers, bridge, session, shared, trouble, votes
from ui.cards import cards
from ui.keep import Turn, puts_help_first
from ui.session import State
from ui.words import literal

_INPUT = "ka_question"


def show() -> None:
    """Draw the page."""
    state = session.state()
    state.begin_run()
    typed = _input(state)
    question = typed or state.take_waiting()
    if not state.conversation.turns and not question:
        _welcome(state)
    for turn in list(state.conversation.turns):
        _turn(state, turn, last=turn is state.conversation.turns[-1] and not question)
    if question:
        _new_turn(state, question)
    if state.conversation.turns:
        _foot(state)
    bridge.mount(state)


def _input(state: State) -> str | None:
    """The text just typed, when it is short enough to read; a longer one goes back into the box."""
    here = shared.parts()
    if state.too_long:
        st.session_state[_INPUT] = state.too_long
    with st.bottom:
        if state.too_long:
            length, most = f"{len(state.too_long):,}", f"{here.settings.max_question_chars:,}"
            st.html(f'<p class="ka-too-long" role="alert">{here.words.html("too_long", length=length, max=most)}</p>')
        typed = st.chat_input(here.words.text("input_placeholder"), key=_INPUT, submit_mode="stop")
    state.too_long = None
    if typed and len(typed) > here.settings.max_question_chars and not _needs_help(state, typed):
        state.too_long = typed
        st.rerun()
    return typed


def _needs_help(state: State, text: str) -> bool:
    """True when a message too long to answer may come from somebody in danger: help must not wait for a shorter one."""
    try:
        answer = _answer(state, Turn(len(state.conversation.turns) + 1, text))
    except Exception as error:  # the message then goes the ordinary way, and its failure is shown there
        trouble.report(error)
        return True
    return answer is not None and puts_help_first(answer)


def _welcome(state: State) -> None:
    """Who speaks, what can be asked, and a few questions to start with."""
    here = shared.parts()
    engine = here.engine
    if engine is None:
        return
    words = here.words
    st.html(
        f'<div class="ka-welcome"><p class="ka-first">{_first_line()}</p>'
        f"<p>{words.html('intro', sources=str(len(engine.sources())))}</p>"
        f"<p>{words.html('intro_limits')}</p>{_receiver()}</div>"
    )
    actions.wording_switch(state)
    st.html(f'<h2 class="ka-start">{words.html("suggestions")}</h2>')
    _buttons(state, engine.suggestions(), "start")


def _first_line() -> str:
    here = shared.parts()
    return here.words.html("first_line", clinic=here.settings.clinic_name)


def _receiver() -> str:
    """Which company receives questions, where one does."""
    here = shared.parts()
    engine = here.engine
    name = company(here.settings, engine.wording) if engine and engine.uses_model else ""
    return f'<p class="ka-small">{here.words.html("model_receiver", company=name)}</p>' if name else ""


def _new_turn(state: State, question: str) -> None:
    _turn(state, state.conversation.add(question, state.detail), last=True)


def _turn(state: State, turn: Turn, *, last: bool) -> None:
    """One question and its answer; asks it first when that is still to be done."""
    words = shared.parts().words
    if turn.number == 1:
        st.html(f'<p class="ka-first ka-first-small">{_first_line()}</p>')
    with st.chat_message("user"):
        st.html(answers.question(turn, words))
    with st.chat_message("assistant"):
        slot = st.empty()
        if turn.answer:
            slot.html(answers.whole(turn.number, turn.answer, words))
        if turn.pending:
            _ask(state, turn, slot)
        if turn.answer:
            _below(state, turn, turn.answer, last=last)
        else:
            slot.html(f'<p class="ka-quiet">{words.html(_why_unanswered(turn))}</p>')
            st.button(words.text("ask_again"), key=_key(state, turn, "again"), on_click=state.again, args=(turn,))


def _below(state: State, turn: Turn, answer: Answer, *, last: bool) -> None:
    """What follows an answer: the way out of a crisis, its wording and sources, a vote, and questions to ask next."""
    words = shared.parts().words
    if state.conversation.reads_as_before(turn):
        st.html(f'<p class="ka-small">{words.html("again_the_same")}</p>')
    if turn.in_crisis and last:
        _crisis_buttons(state, turn)
    elif last:
        actions.wording_switch(state)
    if answer.citations:
        st.html(cards(turn.number, answer, words))
    if not turn.in_crisis:
        _vote(state, turn, answer)
    if last and answer.follow_ups:
        st.html(f'<h3 class="ka-next">{words.html("follow_ups")}</h3>')
        _buttons(state, answer.follow_ups, f"next-{turn.number}")


def _crisis_buttons(state: State, turn: Turn) -> None:
    words = shared.parts().words
    with st.container(horizontal=True, key=_key(state, turn, "crisis")):
        if turn.told_of_crisis():
            st.button(
                words.text("safe_now_button"),
                key=_key(state, turn, "safe"),
                on_click=state.ask_next,
                args=(words.text("safe_now"),),
            )
        if turn.told_of_crisis() and not turn.continued and not turn.forgotten:
            st.button(
                words.text("other_question_button"),
                key=_key(state, turn, "other"),
                on_click=state.again,
                args=(turn,),
                kwargs={"continued": True},
            )


def _vote(state: State, turn: Turn, answer: Answer) -> None:
    """Thumbs up or down, the answer to save, and what the clinic may have of it."""
    words, engine = shared.parts().words, shared.parts().engine
    with st.container(horizontal=True, vertical_alignment="center", key=_key(state, turn, "vote")):
        st.html(f'<p class="ka-small">{words.html("vote")}</p>', width="content")
        votes.thumbs(state, turn, answer)
        if engine and answer.sentences:
            actions.save_answer(state, turn, answer, engine)
    votes.offers(state, turn, answer)


def _buttons(state: State, questions: list[str], group: str) -> None:
    with st.container(key=f"ka-ask-{group}"):
        for number, question in enumerate(questions):
            key = f"{state.conversation.id}-{group}-{number}"
            st.button(literal(question), key=key, on_click=state.ask_next, args=(question,), width="stretch")


def _foot(state: State) -> None:
    words = shared.parts().words
    with st.container(key="ka-foot"):
        st.html(f'<p class="ka-small">{words.html("kept_note")}{votes.agreed_note()}</p>{_receiver()}')
        with st.container(horizontal=True, key="ka-foot-buttons"):
            actions.take_along(state)
            label, told = words.text("new_conversation"), words.text("new_conversation_help")
            st.button(label, help=told, key="ka-new", on_click=state.start_anew)


def _ask(state: State, turn: Turn, slot: DeltaGenerator) -> None:
    """Answer a turn, keep the answer, show it sentence by sentence as fast as it can be sent."""
    words = shared.parts().words
    if turn.answer is None:
        slot.html(f'<p class="ka-quiet">{words.html("thinking")}</p>')
        state.scroll_to = state.anchor(turn, "q")
    turn.pending = False
    try:
        turn.answer = _answer_in_time(state, turn)
    except Exception as error:  # a failure is the turn's, not the page's
        trouble.report(error)
        turn.failed, turn.continued = True, False
    state.saved()
    if turn.answer is None or turn.failed:
        return
    _count(turn.answer)
    if turn.in_crisis:
        state.scroll_to = state.anchor(turn, "answer")
    state.announced = f"{state.conversation.id}/{turn.answer.id}"
    state.announcement = answers.spoken(turn.answer, words)
    for shown in answers.grow(turn.number, turn.answer, words):
        slot.html(shown)


def _count(answer: Answer) -> None:
    """Of every answer shown, the clinic learns that it was given."""
    here = shared.parts()
    if here.recorder:
        here.recorder.count(answer, here.settings.country)


def _why_unanswered(turn: Turn) -> str:
    """Id of the sentence that stands where an answer would."""
    if turn.too_many:
        return "too_many_questions"
    return "answer_failed" if turn.failed else "stopped"


def _answer_in_time(state: State, turn: Turn) -> Answer | None:
    """The answer, or help alone from somebody who asks faster than the settings allow: help is never refused."""
    here = shared.parts()
    turn.too_many = here.seconds_to_wait(state.client()) > 0
    if not turn.too_many or here.engine is None:
        return _answer(state, turn)
    return here.engine.help_first(_question(state, turn))


def _answer(state: State, turn: Turn) -> Answer | None:
    engine = shared.parts().engine
    return engine.ask(_question(state, turn)) if engine else None


def _question(state: State, turn: Turn) -> Question:
    here = shared.parts()
    return Question.model_validate(
        {
            "text": turn.question,
            "history": state.conversation.history_before(turn, here.words.text("crisis_stand_in")),
            "id": uuid4().hex,
            "language": here.settings.language,
            "country": here.settings.country,
            "detail": turn.detail,
            "continue_after_help": turn.continued,
        }
    )


def _key(state: State, turn: Turn, name: str) -> str:
    return f"{state.conversation.id}-{turn.number}-{name}"


show()
