"""The form of one reviewed answer: a row for each sentence with its sources, checked as it is written."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import streamlit as st

from answer.faq import drafted
from answer.schema import Question
from desk.faq import FaqError, parse
from desk.faq_draft import Draft, Line
from ingest.faq import MOST_SENTENCES
from ui import answers
from ui.cards import cards
from ui.desk.door import Staff
from ui.desk.faq_work import Editing, Work, literal
from ui.words import escape

_HITS = 6
_QUESTIONS_HEIGHT = 170
_PREVIEWED = 9_000
"""Number of the previewed turn, far from those of a conversation."""


def show(staff: Staff, work: Work) -> None:
    """Draw the form of what is open; for who may only look, the answer alone."""
    editing, words = work.editing, staff.words
    if editing is None:
        return
    id = editing.draft.id
    heading = words.html("faq_heading", entry=id) if id else words.html("faq_heading_new")
    st.html(f"<h3>{heading}</h3>")
    if not staff.may("editor"):
        st.html(f'<p class="ka-small">{words.html("faq_only_look")}</p>')
        _preview(staff, editing.draft)
        return
    if editing.kept:
        st.html(f'<p class="ka-small">{words.html("faq_covers", count=str(len(editing.kept)))}</p>')
    if editing.conflict:
        _conflict(staff, work, editing)
    _fields(staff, editing)
    _sentences(staff, work, editing)
    _preview(staff, editing.draft)
    with st.container(horizontal=True):
        st.button(words.text("faq_save"), on_click=work.save_draft, key="ka_faq_save")
        st.button(words.text("faq_submit"), on_click=work.submit, key="ka_faq_submit", type="primary")


def _fields(staff: Staff, editing: Editing) -> None:
    words, draft, token = staff.words, editing.draft, editing.token
    key = f"ka_faq_{token}_questions"
    st.session_state.setdefault(key, "\n".join(draft.questions))
    asked = st.text_area(
        words.text("faq_questions"), key=key, height=_QUESTIONS_HEIGHT, help=words.text("faq_questions_help")
    )
    topics = sorted({topic for view in staff.engine.sources() for topic in view.meta.topics} | {draft.topic, ""})
    left, right = st.columns(2)
    with left:
        key = f"ka_faq_{token}_topic"
        st.session_state.setdefault(key, draft.topic)
        topic = st.selectbox(
            words.text("faq_topic"),
            topics,
            format_func=lambda name: words.label("topic", name) if name else words.text("faq_no_topic"),
            key=key,
        )
    with right:
        key = f"ka_faq_{token}_reviewed"
        st.session_state.setdefault(key, draft.reviewed)
        reviewed = st.date_input(words.text("faq_reviewed"), key=key)
    questions = tuple(filter(None, map(str.strip, asked.splitlines())))
    editing.draft = replace(draft, questions=questions, topic=topic, reviewed=reviewed)


def _sentences(staff: Staff, work: Work, editing: Editing) -> None:
    lines = [
        _row(staff, work, editing, place, line) for place, line in enumerate(editing.draft.sentences or (Line(""),))
    ]
    editing.draft = replace(editing.draft, sentences=tuple(lines))
    if len(lines) < MOST_SENTENCES:
        st.button(staff.words.text("faq_add"), on_click=_add, args=(editing,), key="ka_faq_add")


def _row(staff: Staff, work: Work, editing: Editing, place: int, line: Line) -> Line:
    words, number, start = staff.words, str(place + 1), f"ka_faq_{editing.token}_{place}"
    titles = {view.meta.id: view.meta.title for view in staff.engine.sources()}
    titles |= {id: id for id in line.cites if id not in titles}
    st.session_state.setdefault(f"{start}_text", line.text)
    st.session_state.setdefault(f"{start}_cites", list(line.cites))
    with st.container(border=True):
        text = st.text_area(words.text("faq_sentence", number=number), key=f"{start}_text", height=80)
        cites = st.multiselect(
            words.text("faq_sources_of", number=number),
            sorted(titles, key=lambda id: titles[id].casefold()),
            format_func=lambda id: titles[id],
            key=f"{start}_cites",
        )
        # Always there, so that what stands below keeps its place, and a search stays open, when the verdict appears.
        with st.container():
            if text.strip():
                _verdict(staff, work, number, text, cites)
        with st.expander(words.text("faq_find", number=number)):
            _finder(staff, start, number, text, cites)
        st.button(
            words.text("faq_remove", number=number), on_click=_remove, args=(editing, place), key=f"{start}_remove"
        )
    return Line(text, tuple(cites))


def _verdict(staff: Staff, work: Work, number: str, text: str, cites: list[str]) -> None:
    reason = work.check.sentence(" ".join(text.split()), tuple(cites))
    words = staff.words
    told = words.html("faq_fits_not", number=number, reason=reason) if reason else words.html("faq_fits", number=number)
    st.html(f'<p class="ka-small" role="status">{"✕" if reason else "✓"} {told}</p>')


def _finder(staff: Staff, start: str, number: str, text: str, cites: list[str]) -> None:
    words = staff.words
    wanted = st.text_input(words.text("faq_find_words", number=number), key=f"{start}_find", max_chars=300) or text
    if not wanted.strip():
        return
    for place, hit in enumerate(staff.engine.search(wanted, _HITS)):
        title = hit.source.title
        st.html(f"<p><strong>{escape(title)}</strong></p><blockquote>{escape(hit.passage.text)}</blockquote>")
        if hit.source.id in cites:
            st.html(f'<p class="ka-small">✓ {words.html("faq_used")}</p>')
            continue
        label = words.text("faq_use", title=literal(title), number=number)
        st.button(label, on_click=_use, args=(f"{start}_cites", hit.source.id), key=f"{start}_use_{place}")


def _preview(staff: Staff, draft: Draft) -> None:
    """The answer with the page's own HTML, as the chat would show it."""
    words = staff.words
    try:
        entry = parse(replace(draft, id=draft.id or "new", sentences=_written(draft)).text())
    except FaqError:
        return
    question = Question(text=entry.meta.questions[0], country=staff.settings.country, detail="plain", id=uuid4().hex)
    answer = staff.engine.preview(drafted(entry), question)
    st.html(f"<h4>{words.html('faq_preview')}</h4>")
    if answer is None:
        st.html(f'<p class="ka-small">{words.html("faq_preview_none")}</p>')
        return
    st.html(answers.whole(_PREVIEWED, answer, words))
    if answer.citations:
        st.html(cards(_PREVIEWED, answer, words))


def _conflict(staff: Staff, work: Work, editing: Editing) -> None:
    """Who was faster, both texts, and the ways on."""
    words, conflict = staff.words, editing.conflict
    if conflict is None:
        return
    newest = conflict.newest
    at = newest.at.strftime("%Y-%m-%d %H:%M UTC")
    st.warning(words.text("faq_conflict", author=newest.author, number=str(newest.number), at=at))
    theirs, mine = st.columns(2)
    with theirs:
        st.html(f"<h4>{words.html('faq_conflict_theirs', author=newest.author)}</h4>{_as_read(newest.content)}")
    with mine:
        st.html(f"<h4>{words.html('faq_conflict_mine')}</h4>{_as_read(editing.draft.text())}")
    with st.container(horizontal=True):
        for how in ("both", "theirs", "mine"):
            st.button(words.text(f"faq_take_{how}"), on_click=work.settle, args=(how,), key=f"ka_faq_take_{how}")


def _as_read(content: str) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in content.splitlines() if line.strip() and line != "---")


def _written(draft: Draft) -> tuple[Line, ...]:
    return tuple(line for line in draft.sentences if line.text.strip())


def _add(editing: Editing) -> None:
    editing.refill(replace(editing.draft, sentences=(*editing.draft.sentences, Line(""))))


def _remove(editing: Editing, place: int) -> None:
    left = tuple(line for number, line in enumerate(editing.draft.sentences) if number != place)
    editing.refill(replace(editing.draft, sentences=left))


def _use(key: str, source_id: str) -> None:
    st.session_state[key] = [*st.session_state.get(key, []), source_id]
