"""The staff's inbox: what readers let the clinic keep, in groups that ask much the same, and what is done with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import get_args

import streamlit as st

from desk.group import group_new
from desk.inbox import PAGE, Filters, Inbox, Line
from desk.models import STATUSES, Kept
from desk.record import Reason
from ui import pages
from ui.desk import door
from ui.desk.door import Staff
from ui.desk.parts import (
    answer_seen,
    assign_form,
    begin_at,
    choose_colleague,
    colleagues,
    do,
    pager,
    say_what_was_done,
)
from ui.words import Words, escape, literal

_STYLE = Path(__file__).parent / "inbox.css"
_OPEN = "ka_inbox_open"
_PAGE = "ka_inbox_page"
_PAGE_IN_GROUP = "ka_inbox_page_in_group"
_FILTERS = "ka_inbox_filters"
_KEPT_FILTERS = "ka_inbox_kept_filters"
_FAQ = "desk/faq.py"
AT_ONCE = 50
"""How many new questions are put into groups before the list is drawn; embedding them takes under a second."""

ON_PRESS = 500
SHORT = 160


def show() -> None:
    """Draw the page."""
    staff = door.enter("reader")
    st.html(_STYLE)
    inbox = Inbox(staff.database)
    opened = st.session_state.get(_OPEN)
    line = inbox.line_of(opened) if opened is not None else None
    if line:
        _group(staff, inbox, line)
    else:
        _list(staff, inbox)


# ------------------------------------------------------------------------------------------------ the list


def _list(staff: Staff, inbox: Inbox) -> None:
    words = staff.words
    st.html(f'<div class="ka-library"><h2>{words.html("inbox_title")}</h2><p>{words.html("inbox_intro")}</p></div>')
    say_what_was_done(words)
    _put_into_groups(staff, inbox)
    filters = _filters(staff, inbox)
    if st.session_state.get(_FILTERS) != filters:
        st.session_state[_FILTERS], st.session_state[_PAGE] = filters, 0
    number = int(st.session_state[_PAGE])
    found = inbox.page(filters, number)
    told = words.html("inbox_found", groups=f"{found.groups:,}", questions=f"{found.questions:,}")
    st.html(f'<p class="ka-small" role="status">{told}</p>')
    names = {id: user.name for id, user in colleagues(staff).items()}
    for line in found.lines:
        _line(line, names, words)
    wanted = pager(words, number, -(-found.groups // PAGE), "ka-inbox")
    if wanted != number and found.groups:
        st.session_state[_PAGE] = wanted
        st.rerun()


def _line(line: Line, names: dict[int, str], words: Words) -> None:
    kept = line.newest
    with st.container(border=True, key=f"ka-line-{kept.id}"):
        st.html(f'<p class="ka-small">{_facts(kept, names, words, line.count)}</p>')
        text = kept.text if len(kept.text) <= SHORT else f"{kept.text[:SHORT].rstrip()}…"
        if st.button(literal(" ".join(text.split())), key=f"ka-open-{kept.id}", type="tertiary"):
            st.session_state[_OPEN], st.session_state[_PAGE_IN_GROUP] = kept.id, 0
            st.rerun()


def _facts(kept: Kept, names: dict[int, str], words: Words, count: int = 1) -> str:
    """Short facts of a question as HTML, the number of its group first."""
    told = [words.label("inbox_reason", kept.reason), kept.at.date().isoformat()]
    told += [part for part in (kept.language, kept.site, names.get(kept.assignee_id or 0, "")) if part]
    if kept.status != "open":
        told.insert(0, words.text(f"inbox_status_{kept.status}"))
    times = words.html("inbox_times", count=f"{count:,}") if count > 1 else ""
    return f'<strong class="ka-times">{times}</strong> {" · ".join(map(escape, told))}'


def _put_into_groups(staff: Staff, inbox: Inbox) -> None:
    """A few new questions at once, the rest when an editor asks for it."""
    waiting = inbox.waiting()
    if not waiting:
        return
    database, engine, embedder = staff.database, staff.engine, staff.settings.embedder
    waiting -= group_new(database, engine.embed, embedder, AT_ONCE)
    if waiting <= 0:
        return
    words = staff.words
    st.html(f'<p class="ka-small">{words.html("inbox_ungrouped", count=f"{waiting:,}")}</p>')
    if staff.may("editor") and st.button(words.text("inbox_group_now"), key="ka-group-now"):
        bar = st.progress(0.0, words.text("inbox_grouping"))
        done = 0
        while put := group_new(database, engine.embed, embedder, AT_ONCE):
            done += put
            bar.progress(min(done / waiting, 1.0), words.text("inbox_grouping"))
            if done >= ON_PRESS:
                break
        st.rerun()


def _filters(staff: Staff, inbox: Inbox) -> Filters:
    """What the list is narrowed to, as chosen; kept while a group is open."""
    words, before = staff.words, st.session_state.get(_KEPT_FILTERS, Filters())
    with st.container(horizontal=True, key="ka-inbox-filters"):
        status = _choose("status", STATUSES, before.status, words)
        reason = _choose("reason", get_args(Reason), before.reason, words)
        begin_at("ka_inbox_words", before.words)
        typed = st.text_input(words.text("inbox_words"), max_chars=200, key="ka_inbox_words")
    with st.expander(words.text("inbox_more_filters")), st.container(horizontal=True, key="ka-inbox-more"):
        assignee = choose_colleague(staff, "inbox_assignee", before.assignee_id, "ka_inbox_assignee", "inbox_anybody")
        site = _choose("site", inbox.choices("site"), before.site, words)
        language = _choose("language", inbox.choices("language"), before.language, words)
        since, until = _choose_day("since", before.since, words), _choose_day("until", before.until, words)
    found = Filters(status, reason, assignee, site, language, since, until, typed)
    st.session_state[_KEPT_FILTERS] = found
    return found


def _choose(field: str, values: Sequence[str], chosen: str | None, words: Words) -> str | None:
    """A list of the values of a field, "all" first."""
    options: list[str | None] = [None, *values]

    def name(value: str | None) -> str:
        if value is None:
            return words.text("inbox_all")
        coded = field in ("status", "reason")
        return words.label(f"inbox_{field}", value) if coded else literal(value or words.text("inbox_no_value"))

    key = f"ka_inbox_{field}"
    begin_at(key, chosen, options)
    return st.selectbox(words.text(f"inbox_{field}"), options, format_func=name, key=key)


def _choose_day(field: str, chosen: date | None, words: Words) -> date | None:
    key = f"ka_inbox_{field}"
    begin_at(key, chosen)
    given = st.date_input(words.text(f"inbox_{field}"), value=None, key=key)
    return given if isinstance(given, date) else None


# ------------------------------------------------------------------------------------------------ one group


def _group(staff: Staff, inbox: Inbox, line: Line) -> None:
    words, kept = staff.words, line.newest
    if st.button(words.text("inbox_back"), key="ka-inbox-back"):
        st.session_state.pop(_OPEN, None)
        st.rerun()
    say_what_was_done(words)
    names = {id: user.name for id, user in colleagues(staff).items()}
    st.html(
        f'<section class="ka-asked"><h2 class="ka-asked-text">{escape(kept.text)}</h2>'
        f'<p class="ka-small">{_facts(kept, names, words, line.count)}</p>'
        f"<h3>{words.html('inbox_answer')}</h3>{answer_seen(kept.answer, words)}</section>"
    )
    if line.count > 1:
        _others(staff, inbox, line, names)
    _notes(staff, inbox, line)
    if staff.may("editor"):
        _actions(staff, inbox, line)


def _others(staff: Staff, inbox: Inbox, line: Line, names: dict[int, str]) -> None:
    words = staff.words
    everything = Filters(status=None)
    number = int(st.session_state[_PAGE_IN_GROUP])
    found = inbox.questions(line, everything, number)
    items = "".join(
        f'<li><p>{escape(kept.text)}</p><p class="ka-small">{_facts(kept, names, words)}</p></li>'
        for kept in found
        if kept.id != line.newest.id
    )
    st.html(f'<h3>{words.html("inbox_others")}</h3><ul class="ka-asked-others">{items}</ul>')
    wanted = pager(words, number, -(-line.count // PAGE), "ka-group")
    if wanted != number:
        st.session_state[_PAGE_IN_GROUP] = wanted
        st.rerun()


def _notes(staff: Staff, inbox: Inbox, line: Line) -> None:
    words = staff.words
    items = "".join(
        f'<li><p>{escape(note.text)}</p><p class="ka-small">{escape(note.who)} · {note.at:%Y-%m-%d %H:%M}</p></li>'
        for note in inbox.notes(line)
    )
    none = f'<p class="ka-quiet">{words.html("inbox_no_notes")}</p>'
    shown = f'<ul class="ka-asked-others">{items}</ul>' if items else none
    st.html(f"<h3>{words.html('inbox_notes')}</h3>{shown}")
    if not staff.may("editor"):
        return
    with st.form(f"ka-note-{line.newest.id}", border=False, clear_on_submit=True):
        text = st.text_area(words.text("inbox_note"), max_chars=2000, height=80, key=f"ka_note_{line.newest.id}")
        pressed = st.form_submit_button(words.text("inbox_add_note"))
    if pressed:
        do(lambda: inbox.note(line.newest.id, text, staff.user), "inbox_note_added")


def _actions(staff: Staff, inbox: Inbox, line: Line) -> None:
    words, user = staff.words, staff.user
    st.html(f"<h3>{words.html('inbox_actions')}</h3>")
    with st.container(horizontal=True, key="ka-inbox-actions"):
        if _FAQ in pages.DESK and st.button(words.text("inbox_write_faq"), type="primary", key="ka-write-faq"):
            st.session_state["faq_from"] = {"question": line.newest.text, "kept_ids": list(inbox.ids(line))}
            st.switch_page(_FAQ)
        for status in STATUSES:
            if status != line.newest.status and st.button(words.text(f"inbox_mark_{status}"), key=f"ka-mark-{status}"):
                do(partial(inbox.set_status, inbox.ids(line), status, user), f"inbox_marked_{status}")
    key = f"ka_inbox_assign_{line.newest.id}"
    assign_form(staff, line.newest.assignee_id, key, lambda who: inbox.assign(inbox.ids(line), who, user))


show()
