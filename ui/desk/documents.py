"""The staff's page of documents: all with their status, ways to add one, and each page by page for review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from desk.models import Document
from ingest.load import SUFFIXES
from ingest.load.formats import MAX_DOCUMENT_BYTES
from ui.desk import document_page, door
from ui.desk.document_parts import OPENED, Desk, matters, status, summary_html, tell, told

_STYLE = Path(__file__).parent / "documents.css"
_PAGE = 25
_SHOWN = "ka_documents_shown"
_STATUSES = ("uploaded", "changed", "approved", "live", "failed", "withdrawn")


def show() -> None:
    """Draw the page."""
    desk = Desk.of(door.enter("reader"))
    st.html(_STYLE)
    desk.documents.clear_orphans()
    desk.publishing.resume(desk.work)
    _heading(desk)
    with st.container(key="ka-documents-told"):  # what stands below keeps its place
        told()
        _progress(desk)
    opened = st.query_params.get(OPENED, "")
    if opened.isdecimal():
        document_page.draw(desk, int(opened))
        return
    if desk.staff.may("editor"):
        _add(desk)
    _list(desk)


def _heading(desk: Desk) -> None:
    words = desk.staff.words
    intro = ["documents_intro", *(["documents_second"] if desk.staff.settings.faq_second_person else [])]
    told = "".join(f"<p>{words.html(id)}</p>" for id in intro)
    st.html(f'<div class="ka-library"><h2>{words.html("documents_title")}</h2>{told}</div>')


def _progress(desk: Desk) -> None:
    """How publishing goes, renewed every second while it does."""
    job, words = desk.publishing.job, desk.staff.words
    if job is None:
        return
    if job.finished.is_set():
        if job.error:
            st.warning(words.text("documents_publishing_failed", reason=job.error))
            if desk.staff.may("editor") and st.button(words.text("documents_again")):
                desk.publish()
                st.rerun()
        else:
            st.html(f'<p class="ka-small" role="status">{words.html("documents_published")}</p>')
        return
    running = job

    @st.fragment(run_every=1.0)
    def watch() -> None:
        if running.finished.is_set():
            st.rerun()
        known = f"documents_publishing_{running.stage}"
        if running.total:
            share = min(running.done / running.total, 1.0)
            fields = {"stage": running.stage, "done": f"{running.done:,}", "total": f"{running.total:,}"}
            st.progress(share, words.text("documents_publishing_stage", **fields))
        else:
            text = words.text(known if running.stage in ("files", "indexing") else "documents_publishing_indexing")
            st.html(f'<p role="status">{text}</p>')

    watch()


# Ways to add a document


def _add(desk: Desk) -> None:
    words = desk.staff.words
    file, address, facts = st.tabs([words.text(f"documents_tab_{name}") for name in ("file", "address", "facts")])
    with file:
        _upload(desk)
    with address:
        _fetch(desk)
    with facts:
        _facts(desk)


def _upload(desk: Desk) -> None:
    words = desk.staff.words
    with st.form("ka-documents-upload", border=False, clear_on_submit=True):
        chosen = st.file_uploader(
            words.text("documents_file"),
            type=[suffix.removeprefix(".") for suffix in SUFFIXES],
            max_upload_size=MAX_DOCUMENT_BYTES // 1_000_000,
            key="ka_documents_file",
        )
        pressed = st.form_submit_button(words.text("documents_upload"), type="primary")
    if not pressed:
        return
    if chosen is None:
        st.warning(words.text("documents_no_file"))
        return
    _take_in(desk, lambda: desk.documents.upload(chosen.name, chosen.getvalue(), desk.staff.user))


def _fetch(desk: Desk) -> None:
    words = desk.staff.words
    with st.form("ka-documents-fetch", border=False):
        address = st.text_input(words.text("documents_address"), key="ka_documents_address", max_chars=2000)
        pressed = st.form_submit_button(words.text("documents_fetch"), type="primary")
    if pressed and not address.strip():
        st.warning(words.text("documents_no_address"))
    elif pressed:
        _take_in(desk, lambda: desk.documents.from_address(address, desk.staff.user))


def _facts(desk: Desk) -> None:
    words = desk.staff.words
    st.html(f'<p class="ka-small">{words.html("documents_facts_intro")}</p>')
    with st.form("ka-documents-facts", border=False):
        title = st.text_input(words.text("documents_facts_title"), key="ka_facts_title", max_chars=200)
        topics = st.multiselect(
            words.text("documents_facts_matters"),
            matters(desk.staff.engine),
            format_func=lambda topic: words.label("topic", topic),
            key="ka_facts_matters",
        )
        lines = st.text_area(words.text("documents_facts_lines"), key="ka_facts_lines", height=180)
        pressed = st.form_submit_button(words.text("documents_facts_save"), type="primary")
    if pressed:
        _take_in(desk, lambda: desk.documents.write_facts(title, lines, topics, desk.staff.user))


def _take_in(desk: Desk, action: Callable[[], Document]) -> None:
    """Add a document, then show it."""
    words, added = desk.staff.words, list[Document]()
    with st.spinner(words.text("documents_reading")):
        done = desk.attempt(lambda: added.append(action()), "documents_saved")
    if done:
        tell(words.text("documents_added", title=added[0].matter["title"]))
        st.query_params[OPENED] = str(added[0].id)
        st.rerun()
    told()


# The list


def _list(desk: Desk) -> None:
    words, found = desk.staff.words, desk.documents.all()
    if not found:
        st.html(f'<p role="status">{words.html("documents_none")}</p>')
        return
    counts = Counter(map(status, found))
    chosen = st.pills(
        words.text("documents_filter"),
        [name for name in _STATUSES if counts[name]],
        selection_mode="multi",
        format_func=lambda name: f"{words.text(f'document_status_{name}')} ({counts[name]})",
        key="ka_documents_status",
    )
    fitting = [document for document in found if not chosen or status(document) in chosen]
    count = words.html("documents_count", count=f"{len(fitting):,}", total=f"{len(found):,}")
    st.html(f'<p class="ka-small" role="status">{count}</p>')
    shown = int(st.session_state.get(_SHOWN, _PAGE))
    for document in fitting[:shown]:
        st.html(summary_html(document, words))
        label = words.text("documents_open", title=document.matter["title"][:80])
        st.button(label, key=f"ka-open-{document.id}", on_click=_open, args=(document.id,))
    if len(fitting) > shown:
        st.button(words.text("documents_more"), on_click=_show_more, key="ka-documents-more")


def _open(id: int) -> None:
    st.query_params[OPENED] = str(id)


def _show_more() -> None:
    st.session_state[_SHOWN] = int(st.session_state.get(_SHOWN, _PAGE)) + _PAGE


show()
