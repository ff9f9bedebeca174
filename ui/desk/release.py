"""The staff's page for a staged release: what a new version would answer differently; publish, discard, go back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import streamlit as st

from answer.say import SourceView
from desk.golden import GoldenError, StaffQuestions
from desk.release import Comparison, Releases
from desk.relying import Relying, relying
from desk.replay import Kind
from errors import OperatorError
from ui.desk import door
from ui.desk.changes import change_html
from ui.desk.door import Staff
from ui.desk.parts import DONE, say_what_was_done
from ui.words import escape, sanitised

_KINDS: tuple[Kind, ...] = get_args(Kind)
_STYLE = Path(__file__).parent / "release.css"
_PAGE = 20
_SHOWN = "ka_release_shown"


def show() -> None:
    """Draw the page."""
    staff = door.enter("reader")
    words = staff.words
    releases = Releases(staff.settings, staff.database, lambda: staff.engine.embedder)
    st.html(_STYLE)
    st.html(
        f'<div class="ka-library"><h2>{words.html("release_title")}</h2><p>{words.html("release_intro")}</p>'
        f'<p class="ka-small">{words.html("release_limits")}</p></div>'
    )
    say_what_was_done(words)
    if staff.may("editor"):
        _start(staff, releases)
    found = releases.comparison()
    if found:
        _compared(staff, releases, found)
    _go_back(staff, releases)
    _relying(staff, relying(staff.settings, staff.database, lambda id: staff.engine.source(id) is not None))
    _questions(staff)


def _start(staff: Staff, releases: Releases) -> None:
    words = staff.words
    if not st.button(words.text("release_compare"), type="primary", key="ka-release-compare"):
        return
    bar = st.progress(0.0, words.text("release_building"))

    def tell(stage: str, done: int, total: int) -> None:
        half = {"live": 0.0, "staged": 0.5}.get(stage)
        if half is not None:
            told = words.text("release_asking", done=str(done), total=str(total))
            bar.progress(half + done / max(total, 1) / 2, told)

    _try(lambda: releases.compare(staff.user, tell))
    bar.empty()
    st.session_state[_SHOWN] = _PAGE


def _compared(staff: Staff, releases: Releases, found: Comparison) -> None:
    """The summary, what can be done with it, then each change."""
    words = staff.words
    at = f"{found.at:%Y-%m-%d %H:%M}"
    told = words.html("release_compared", at=at, who=found.who, asked=str(found.asked), changed=str(len(found.changes)))
    st.html(
        f'<h3>{words.html("release_found")}</h3><p class="ka-done" role="status">{told}</p>{_summary(staff, found)}'
    )
    if staff.may("editor"):
        _act(staff, releases, found)
    _relying(staff, found.relying, "release_would_rely")
    if found.changes:
        _changes(staff, found)


def _summary(staff: Staff, found: Comparison) -> str:
    words = staff.words
    counts = Counter(kind for change in found.changes for kind in change.kinds)
    lines = [words.html(f"release_count_{kind}", count=str(counts[kind])) for kind in _KINDS if counts[kind]]
    for id, sources in (("release_sources_lost", found.lost), ("release_sources_added", found.added)):
        if sources:
            names = ", ".join(_named(id, staff.engine.source) for id in sources[:10])
            lines.append(words.html(id, count=str(len(sources)), names=names))
    if not found.is_new:
        lines.append(words.html("release_nothing_new"))
    return sanitised(f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>") if lines else ""


def _named(id: str, find: Callable[[str], SourceView | None]) -> str:
    view = find(id)
    return f"{view.heading} ({id})" if view else id


def _act(staff: Staff, releases: Releases, found: Comparison) -> None:
    words = staff.words
    with st.container(horizontal=True, key="ka-release-act"):
        publish = st.button(
            words.text("release_publish"), type="primary", disabled=not found.is_new, key="ka-release-publish"
        )
        discard = st.button(words.text("release_discard"), key="ka-release-discard")
    if publish and _try(lambda: releases.publish(staff.user)):
        _again("release_published")
    if discard and _try(lambda: releases.discard(staff.user)):
        _again("release_discarded")


def _changes(staff: Staff, found: Comparison) -> None:
    words = staff.words
    counts = Counter(kind for change in found.changes for kind in change.kinds)
    chosen = st.pills(
        words.text("release_filter"),
        [kind for kind in _KINDS if counts[kind]],
        selection_mode="multi",
        format_func=lambda kind: f"{words.text(f'release_kind_{kind}')} ({counts[kind]})",
        key=f"ka_release_kinds_{found.at:%s%f}",
    )
    fitting = [change for change in found.changes if not chosen or set(chosen) & set(change.kinds)]
    shown = int(st.session_state.get(_SHOWN, _PAGE))
    for number, change in enumerate(fitting[:shown]):
        st.html(change_html(change, words, staff.engine.source, opened=number == 0))
    if len(fitting) > shown:
        st.button(words.text("release_more"), on_click=_show_more, key="ka-release-more")


def _go_back(staff: Staff, releases: Releases) -> None:
    words, last = staff.words, releases.published()
    if last is None:
        return
    told = words.html("release_last", at=f"{last.at:%Y-%m-%d %H:%M}", who=last.who)
    st.html(f"<h3>{words.html('release_back_title')}</h3><p>{told} {words.html('release_back_files')}</p>")
    pressed = staff.may("editor") and st.button(words.text("release_back"), key="ka-release-back")
    if pressed and _try(lambda: releases.roll_back(staff.user)):
        _again("release_gone_back")


def _relying(staff: Staff, found: list[Relying], title: str = "release_relying") -> None:
    """Entries that cite a source which isn't there."""
    words = staff.words
    if not found:
        if title == "release_relying":
            st.html(f"<h3>{words.html(title)}</h3><p class='ka-small'>{words.html('release_relying_none')}</p>")
        return
    lines = []
    for one in found:
        gone = [words.text("release_withdrawn", source=id) for id in one.withdrawn]
        missing = [words.text("release_missing", source=id) for id in one.missing]
        where = words.text(f"release_where_{one.where}")
        lines.append(
            f"<li><strong>{escape(one.id)}</strong> ({escape(where)}): {escape(', '.join(gone + missing))}</li>"
        )
    st.html(sanitised(f"<h3>{words.html(title)}</h3><ul>{''.join(lines)}</ul>"))


def _questions(staff: Staff) -> None:
    """The staff's own golden questions."""
    words, store = staff.words, StaffQuestions(staff.database)
    own = store.all()
    with st.expander(words.text("release_questions", count=str(len(own)))):
        st.html(f'<p class="ka-small">{words.html("release_questions_told")}</p>')
        if staff.may("editor"):
            with st.form("ka-golden", clear_on_submit=True, border=False):
                text = st.text_input(words.text("release_question"), max_chars=500, key="ka_golden_text")
                if st.form_submit_button(words.text("release_question_add")) and _try(
                    lambda: store.add(text, staff.user)
                ):
                    _again("release_question_added")
        for question in own:
            with st.container(horizontal=True, key=f"ka-golden-{question.id}"):
                st.html(f"<p>{escape(question.text)} <span class='ka-small'>{escape(question.added_by)}</span></p>")
                label = words.text("release_question_remove", text=question.text[:40])
                pressed = staff.may("editor") and st.button(label, key=f"ka-golden-remove-{question.id}")
            if pressed and _try(lambda id=question.id: store.remove(id, staff.user)):  # type: ignore[misc]
                _again("release_question_removed")


def _try(act: Callable[[], object]) -> bool:
    """Do it; what is against it is told in a sentence."""
    try:
        act()
    except (GoldenError, OperatorError) as error:
        st.warning(str(error))
        return False
    return True


def _again(told: str) -> None:
    """Draw the page as it is now, and say what was done."""
    st.session_state[DONE] = told
    st.rerun()


def _show_more() -> None:
    st.session_state[_SHOWN] = int(st.session_state.get(_SHOWN, _PAGE)) + _PAGE


show()
