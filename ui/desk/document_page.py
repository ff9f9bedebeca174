"""One document: what to look at before approval, its text page by page, its metadata, approval and withdrawal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import streamlit as st

from desk.document_review import FACTS, DocumentError, Odd, Review
from desk.documents import ChangedDocumentError
from desk.models import Document
from ingest.schema import Evidence, Kind
from ui.desk.document_parts import OPENED, Desk, matters, summary_html
from ui.words import Words, escape, sanitised

_NOT_UPLOADED = ("faq", FACTS)
"""Kinds that an uploaded document can't have."""

_MINE = "ka_document_mine"


def draw(desk: Desk, id: int) -> None:
    """Draw the document with this id."""
    words = desk.staff.words
    st.button(words.text("documents_back"), on_click=_back, args=(id,))
    try:
        document = desk.documents.get(id)
    except DocumentError as error:
        st.warning(str(error))
        return
    lock = int(st.session_state.setdefault(_lock_key(id), document.lock))
    st.html(summary_html(document, words) + _origin_html(document, words))
    if lock != document.lock:
        st.warning(words.text("document_someone"))
        st.button(words.text("document_reload"), on_click=_reload, args=(id,))
    editable = desk.staff.may("editor") and document.status != "withdrawn"
    found = desk.documents.review(document)
    _look_at(desk, document, lock, found, editable)
    if editable:
        _decide(desk, document, lock, found)
    _text(desk, document, lock, editable)
    _matter(desk, document, lock, editable)


def _origin_html(document: Document, words: Words) -> str:
    lines = [words.html("document_original", name=document.name)] if document.matter.get("kind") != FACTS else []
    lines += [words.html("document_fetched", address=document.address)] if document.address else []
    return "".join(f'<p class="ka-small">{line}</p>' for line in lines)


# What to look at


def _look_at(desk: Desk, document: Document, lock: int, found: Review, editable: bool) -> None:
    words = desk.staff.words
    st.html(f'<div class="ka-library"><h3>{words.html("document_look")}</h3></div>')
    remarks = [escape(remark) for remark in found.remarks]
    for flag in found.flagged:
        id = "document_refused" if flag.refused else "document_differs"
        remarks.append(words.html(id, text=flag.text, reason=flag.reason))
    if found.problem:
        remarks.append(words.html("document_problem", problem=found.problem))
    if not remarks and not found.odd:
        st.html(f'<p role="status">{words.html("document_nothing")}</p>')
    for remark in remarks:
        st.html(sanitised(f'<div class="ka-odd"><p>{remark}</p></div>'))
    for number, odd in enumerate(found.odd):
        st.html(_odd_html(odd, words))
        if editable and not odd.ticked:
            _odd_buttons(desk, document, lock, odd, number)


def _odd_html(odd: Odd, words: Words) -> str:
    place = "document_page" if odd.page else "document_whole"
    told = words.html(place, page=str(odd.page), reason=odd.why) if odd.page else words.html(place, reason=odd.why)
    quote = f"<p>“{escape(odd.words)}”</p>" if odd.words else ""
    fate = ("document_left_out" if odd.left_out else "document_as_text") if odd.cuttable else ""
    small = f'<p class="ka-small">{words.html(fate)}</p>' if fate else ""
    seen = f"<p><strong>{words.html('document_kept')}</strong></p>" if odd.ticked else ""
    css = "ka-odd ka-odd-seen" if odd.ticked else "ka-odd"
    return sanitised(f'<div class="{css}"><p>{told}</p>{quote}{small}{seen}</div>')


def _odd_buttons(desk: Desk, document: Document, lock: int, odd: Odd, number: int) -> None:
    words, user, id = desk.staff.words, desk.staff.user, document.id
    told = odd.words or odd.why
    with st.container(horizontal=True, key=f"ka-odd-{number}"):
        keep = st.button(
            words.text("document_keep"),
            key=f"ka-keep-{id}-{number}-{odd.key}",
            help=words.text("document_keep_label", words=told),
        )
        cut = odd.cuttable and st.button(
            words.text("document_cut"),
            key=f"ka-cut-{id}-{number}-{odd.key}",
            help=words.text("document_cut_label", words=told),
        )
    if keep:
        desk.attempt(lambda: desk.documents.tick(id, [odd.key], user), "document_kept")
        st.rerun()
    if cut:
        _change(desk, id, lambda: desk.documents.cut(id, lock, [odd.key], user))


# Decisions


def _decide(desk: Desk, document: Document, lock: int, found: Review) -> None:
    words, user, id = desk.staff.words, desk.staff.user, document.id
    own = desk.staff.settings.faq_second_person and user.name in document.authors
    waiting = document.status in ("uploaded", "failed")
    approve = False
    with st.container(horizontal=True, key="ka-document-decide"):
        if waiting:
            disabled = bool(own or found.blockers)
            approve = st.button(words.text("document_approve"), type="primary", disabled=disabled)
        discard = document.approved_at is None
        with st.popover(words.text("document_discard" if discard else "document_withdraw")):
            st.html(f"<p>{words.html('document_discard_sure' if discard else 'document_withdraw_sure')}</p>")
            withdraw = st.button(words.text("document_discard_now" if discard else "document_withdraw_now"))
    if own and waiting:
        st.html(f'<p class="ka-small">{words.html("document_wait")}</p>')
    if approve:
        _decided(desk, id, lambda: desk.documents.approve(id, lock, user), "documents_was_approved")
    if withdraw:
        done = "documents_was_discarded" if discard else "documents_was_withdrawn"
        _decided(desk, id, lambda: desk.documents.withdraw(id, user), done)


def _decided(desk: Desk, id: int, action: Callable[[], None], done: str) -> None:
    if desk.attempt(action, done):
        _reload(id)
        desk.publish()
    st.rerun()


# Text


def _text(desk: Desk, document: Document, lock: int, editable: bool) -> None:
    words, id = desk.staff.words, document.id
    if mine := st.session_state.get(_MINE):
        st.text_area(words.text("document_unsaved"), mine, key=f"ka_mine_{id}", height=200)
    if document.matter.get("kind") == FACTS:
        _facts(desk, document, lock, editable)
        return
    st.html(
        f'<div class="ka-library"><h3>{words.html("document_text")}</h3>'
        f'<p class="ka-small">{words.html("document_text_intro")}</p></div>'
    )
    number, total = 1, len(document.pages)
    if total > 1:
        label = words.text("document_number", total=f"{total:,}")
        number = int(st.number_input(label, 1, total, key=f"ka_page_{id}"))
    page, key = document.pages[number - 1] if total else "", f"ka_text_{id}_{lock}_{number}"
    with st.form(f"ka-page-{id}-{number}", border=False):
        label = words.text("document_page_text", page=str(number))
        text = st.text_area(label, page, key=key, height=360, disabled=not editable)
        pressed = editable and st.form_submit_button(words.text("document_page_save", page=str(number)))
    if pressed:
        _change(desk, id, lambda: desk.documents.change_page(id, lock, number, text, desk.staff.user), text)


def _facts(desk: Desk, document: Document, lock: int, editable: bool) -> None:
    words, id = desk.staff.words, document.id
    shown = "\n".join(line.removeprefix("- ") for line in document.pages[0].split("\n"))
    own, key = document.matter["title"], f"{id}_{lock}"
    with st.form(f"ka-facts-{id}", border=False):
        label = words.text("documents_facts_title")
        title = st.text_input(label, own, key=f"ka_facts_title_{key}", max_chars=200, disabled=not editable)
        label = words.text("documents_facts_lines")
        lines = st.text_area(label, shown, key=f"ka_facts_lines_{key}", height=240, disabled=not editable)
        pressed = editable and st.form_submit_button(words.text("documents_facts_change"))
    if pressed:
        _change(desk, id, lambda: desk.documents.change_facts(id, lock, title, lines, desk.staff.user), lines)


# Metadata


def _matter(desk: Desk, document: Document, lock: int, editable: bool) -> None:
    words, id, matter = desk.staff.words, document.id, document.matter
    fields: dict[str, Any] = {}
    with (
        st.expander(words.text("document_matter"), expanded=editable and matter.get("kind") != FACTS),
        st.form(f"ka-matter-{id}", border=False),
    ):
        for name in ("title", "authors", "publisher", "url"):
            if name == "title" and matter.get("kind") == FACTS:
                continue
            key = f"ka_{name}_{id}_{lock}"
            label = words.text(f"document_{name}")
            fields[name] = st.text_input(label, matter.get(name) or "", key=key, max_chars=600, disabled=not editable)
        fields |= _graded(words, document, lock, editable)
        country = st.text_input(
            words.text("document_country"),
            ", ".join(matter.get("country", [])),
            key=f"ka_country_{id}_{lock}",
            disabled=not editable,
        )
        fields["topics"] = _topics(desk, document, lock, editable)
        st.html(f'<p class="ka-small">{words.html("document_own")}</p>')
        pressed = editable and st.form_submit_button(words.text("document_matter_save"))
    if not pressed:
        return
    fields["country"] = [code.strip().upper() for code in country.replace(";", ",").split(",") if code.strip()]
    fields["url"] = fields["url"].strip() or None
    _change(desk, id, lambda: desk.documents.change_matter(id, lock, fields, desk.staff.user))


def _graded(words: Words, document: Document, lock: int, editable: bool) -> dict[str, Any]:
    """Year, kind and grade; the clinic's facts have a kind of their own and no grade."""
    matter, id = document.matter, document.id
    year = st.number_input(
        words.text("document_year"), 1900, 2100, matter.get("year"), key=f"ka_year_{id}_{lock}", disabled=not editable
    )
    if matter.get("kind") == FACTS:
        return {"year": year}
    kinds = [kind for kind in get_args(Kind) if kind not in _NOT_UPLOADED]
    kind = st.selectbox(
        words.text("document_kind"),
        kinds,
        index=kinds.index(matter.get("kind", "document")),
        format_func=lambda kind: words.label("kind", kind),
        key=f"ka_kind_{id}_{lock}",
        disabled=not editable,
    )
    grades = list(get_args(Evidence))
    grade = st.selectbox(
        words.text("document_evidence"),
        grades,
        index=grades.index(matter.get("evidence", "none")),
        format_func=lambda grade: words.label("evidence", grade),
        key=f"ka_evidence_{id}_{lock}",
        disabled=not editable,
    )
    return {"year": year, "kind": kind, "evidence": grade}


def _topics(desk: Desk, document: Document, lock: int, editable: bool) -> list[str]:
    words, own = desk.staff.words, list(document.matter.get("topics", []))
    facts, engine = document.matter.get("kind") == FACTS, desk.staff.engine
    known = matters(engine) if facts else [topic for view in engine.sources() for topic in view.meta.topics]
    return st.multiselect(
        words.text("documents_facts_matters" if facts else "document_topics"),
        sorted({*known, *own}, key=lambda topic: words.label("topic", topic)),
        own,
        format_func=lambda topic: words.label("topic", topic),
        key=f"ka_topics_{document.id}_{lock}",
        disabled=not editable,
    )


# What changed


def _change(desk: Desk, id: int, action: Callable[[], None], mine: str = "") -> None:
    """Change something; where somebody else was first, the text that can't be saved is kept on the page."""

    def run() -> None:
        try:
            action()
        except ChangedDocumentError:
            st.session_state[_MINE] = mine
            raise

    if desk.attempt(run, "documents_saved"):
        st.session_state.pop(_MINE, None)
        _reload(id)
    st.rerun()


def _reload(id: int) -> None:
    st.session_state.pop(_lock_key(id), None)


def _back(id: int) -> None:
    _reload(id)
    st.session_state.pop(_MINE, None)
    st.query_params.pop(OPENED, None)


def _lock_key(id: int) -> str:
    return f"ka_document_lock_{id}"
