"""The staff's page of reviewed answers: find one, or write a new one; the entry itself is drawn by its parts."""

from __future__ import annotations

import streamlit as st

from desk.entries import Row
from ui.desk import door, faq_files, faq_form, faq_versions
from ui.desk.door import Staff
from ui.desk.faq_work import Work, literal

_PAGE = 25
_SHOWN = "ka_faq_shown"


def show() -> None:
    """Draw the page."""
    staff = door.enter("reader")
    work = Work.of(staff)
    st.html(f'<div class="ka-library"><h2>{staff.words.html("faq_title")}</h2></div>')
    work.begin_from_inbox()
    work.tell()
    if work.editing is None:
        _list(staff, work)
        faq_files.show(staff, work)
        return
    st.button(staff.words.text("faq_back"), on_click=work.close, key="ka_faq_back")
    faq_form.show(staff, work)
    faq_versions.show(staff, work)


def _list(staff: Staff, work: Work) -> None:
    words = staff.words
    st.html(f"<p>{words.html('faq_intro')}</p>")
    wanted = st.text_input(words.text("faq_search"), key="ka_faq_search", max_chars=200)
    if staff.may("editor"):
        st.button(words.text("faq_new"), on_click=work.begin_new, key="ka_faq_new", type="primary")
    every = work.entries.all()
    found = [row for row in every if row.holds(wanted.casefold().split())]
    told = (
        words.html("faq_count", count=f"{len(found):,}", total=f"{len(every):,}") if found else words.html("faq_none")
    )
    st.html(f'<p class="ka-small" role="status">{told}</p>')
    shown = int(st.session_state.get(_SHOWN, _PAGE))
    for row in found[:shown]:
        label = f"{literal(row.question)} · {_standing(staff, row)}"
        st.button(label, key=f"ka_faq_open_{row.id}", on_click=work.open, args=(row.id,), width="stretch")
    if len(found) > shown:
        st.button(words.text("faq_more"), on_click=_show_more, key="ka_faq_more")


def _standing(staff: Staff, row: Row) -> str:
    return staff.words.text(f"faq_standing_{row.standing}")


def _show_more() -> None:
    st.session_state[_SHOWN] = int(st.session_state.get(_SHOWN, _PAGE)) + _PAGE


show()
