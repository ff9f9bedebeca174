"""The staff's page that drafts a reply to a patient's e-mail: paste, draft, edit, check, copy. It stores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from answer.words import Words as ReviewedWords
from desk.draft import LENGTHS, TONES, Asking, Drafter, Item, MailError, answered, reworded
from desk.reply import Contact, Options, Writer
from errors import OperatorError
from safety.outgoing import Outgoing
from ui import shared
from ui.desk import door
from ui.desk.draft_reply import reply_section
from ui.desk.drafting import LENGTH, MAIL, OWN, STATE, TEXT, TONE, State, remember, restore
from ui.desk.replied import clinician_html, danger_html, mail_html

_HERE = Path(__file__).parent


def show() -> None:
    """Draw the page."""
    staff = door.enter("reader")
    st.html(_HERE / "audit.css")
    st.html(_HERE / "draft.css")
    restore()
    _heading()
    options = _options()
    if _pasted() and not _draft(staff, options):
        remember()
        return
    state: State | None = st.session_state.get(STATE)
    if state:
        _drafted(staff, state, options)
    remember()


def _heading() -> None:
    words = shared.parts().words
    told = "".join(f'<p class="ka-small">{words.html(id)}</p>' for id in ("draft_limits", "draft_kept"))
    intro = f"<p>{words.html('draft_intro')}</p>"
    st.html(f'<div class="ka-library"><h2>{words.html("draft_title")}</h2>{intro}{told}</div>')


def _options() -> Options:
    words = shared.parts().words
    st.session_state.setdefault(TONE, "warm")
    st.session_state.setdefault(LENGTH, "standard")
    left, right = st.columns(2)
    with left:
        tone = st.selectbox(
            words.text("draft_tone"), TONES, format_func=lambda one: words.text(f"draft_tone_{one}"), key=TONE
        )
    with right:
        length = st.selectbox(
            words.text("draft_length"), LENGTHS, format_func=lambda one: words.text(f"draft_length_{one}"), key=LENGTH
        )
    return Options(tone, length)


def _pasted() -> bool:
    words = shared.parts().words
    with st.form("ka-draft", border=False):
        st.text_area(
            words.text("draft_mail"),
            placeholder=words.text("draft_mail_placeholder"),
            help=words.text("draft_mail_help"),
            height=260,
            key=MAIL,
        )
        return st.form_submit_button(words.text("draft_start"), type="primary")


def _draft(staff: door.Staff, options: Options) -> bool:
    """Draft a reply to what was pasted; False when it can't be read. What was drafted before stays until then."""
    words = staff.words
    # Kept first: whatever fails now, the pasted text is still there.
    remember()
    drafter = Drafter(staff.engine)
    try:
        with st.spinner(words.text("draft_reading")):
            mail = drafter.read(st.session_state[MAIL])
        items = _asked(drafter, mail.questions, options)
    except MailError as error:
        st.warning(words.text(str(error)))
        return False
    except OperatorError:
        st.error(words.text("draft_failed"))
        return False
    earlier: State | None = st.session_state.get(STATE)
    reply = _writer(staff, options).write(items, drafter.help_for(mail), mail.hidden.signed)
    is_same = earlier is not None and earlier.mail.hidden.original == mail.hidden.original
    before = str(st.session_state.get(TEXT, "")) if is_same else ""
    st.session_state[STATE] = State(mail, items, reply, options, earlier.run + 1 if earlier else 1, before)
    st.session_state[TEXT] = reply.text
    return True


def _asked(drafter: Drafter, questions: Sequence[Asking], options: Options) -> list[Item]:
    words = shared.parts().words
    if not questions:
        return []

    def told(done: int, total: int) -> None:
        bar.progress(done / total, words.text("draft_working", done=str(done), total=str(total)))

    bar = st.progress(0.0, words.text("draft_working", done="0", total=str(len(questions))))
    items = answered(drafter, questions, options.length, told)
    bar.empty()
    return items


def _writer(staff: door.Staff, options: Options) -> Writer:
    wording = staff.engine.wording
    contact = ReviewedWords(staff.settings, staff.engine.verifier, Outgoing()).contact(wording)
    return Writer(wording, Contact(staff.settings.clinic_name, contact), options)


def _drafted(staff: door.Staff, state: State, options: Options) -> None:
    words = staff.words
    if state.mail.dangers:
        st.html(danger_html(state.mail, words))
    answered_count = sum(item.is_answered for item in state.items)
    told = words.html("draft_done", found=str(len(state.items)), answered=str(answered_count))
    left_out = words.html("draft_left_out", count=str(state.mail.left_out)) if state.mail.left_out else ""
    st.html(f'<p class="ka-done" role="status">{told} {left_out}</p>')
    st.html(clinician_html(state.items, state.mail, words))
    st.html(mail_html(state.mail, words))
    chosen = _questions(staff, state)
    if st.button(words.text("draft_write_again"), help=words.text("draft_write_again_help"), key="ka-draft-again"):
        _write_again(staff, state, chosen, options)
    reply_section(staff, state)


def _questions(staff: door.Staff, state: State) -> list[tuple[Asking, Item | None]]:
    """The questions to answer, each as staff left it, with its answer where it has one already."""
    words = staff.words
    st.html(f"<h3>{words.html('draft_questions')}</h3>")
    if not state.items:
        st.html(f"<p>{words.html('draft_no_questions')}</p>")
    chosen: list[tuple[Asking, Item | None]] = []
    for number, item in enumerate(state.items, start=1):
        with st.container(border=True):
            asked = st.text_input(
                words.text("draft_asked", number=str(number)),
                item.asking.asked,
                max_chars=staff.settings.max_question_chars,
                key=f"ka_draft_asked_{state.run}_{number}",
            )
            used = st.checkbox(
                words.text("draft_use", number=str(number)), value=True, key=f"ka_draft_use_{state.run}_{number}"
            )
            now = reworded(item.asking, asked)
            st.html(f'<div class="ka-small">{_status(item, now, staff)}</div>')
        if used and now.asked:
            chosen.append((now, item if now == item.asking else None))
    own = st.text_input(
        words.text("draft_own"),
        placeholder=words.text("draft_own_placeholder"),
        max_chars=staff.settings.max_question_chars,
        key=OWN,
    )
    return [*chosen, *([(Asking(own.strip(), own.strip()), None)] if own.strip() else [])]


def _status(item: Item, now: Asking, staff: door.Staff) -> str:
    words = staff.words
    stands = f"<p>{words.html('draft_stands', text=item.asking.text)}</p>" if now.asked != item.asking.text else ""
    if now != item.asking:
        return stands + f"<p>{words.html('draft_changed', button=words.text('draft_write_again'))}</p>"
    count = str(len(item.answer.sentences))
    status = words.html("draft_answered", count=count) if item.is_answered else words.html("draft_unanswered")
    return f"{stands}<p>{status}</p>"


def _write_again(
    staff: door.Staff, state: State, chosen: Sequence[tuple[Asking, Item | None]], options: Options
) -> None:
    """Ask what changed, and write the reply anew. Questions that are switched off keep their place in the list."""
    remember()
    drafter = Drafter(staff.engine)
    same_length = options.length == state.options.length
    known = {asking: item for asking, item in chosen if item and same_length}
    new = {item.asking: item for item in _asked(drafter, [one for one, _ in chosen if one not in known], options)}
    items = [(known | new)[asking] for asking, _ in chosen]
    reply = _writer(staff, options).write(items, drafter.help_for(state.mail), state.mail.hidden.signed)
    left = [item for item in state.items if item.asking.text not in {asking.text for asking, _ in chosen}]
    before = str(st.session_state.get(TEXT, ""))
    st.session_state[STATE] = State(state.mail, [*items, *left], reply, options, state.run + 1, before)
    for place in range(len(items) + 1, len(items) + len(left) + 1):
        st.session_state[f"ka_draft_use_{state.run + 1}_{place}"] = False
    st.session_state[f"{TEXT}_kept"] = reply.text
    st.session_state[f"{OWN}_kept"] = ""
    for key in (TEXT, OWN):
        st.session_state.pop(key, None)
    st.rerun()


show()
