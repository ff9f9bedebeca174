"""The versions of a reviewed answer: approve, compare, bring back, take off; and whether it is live by now."""

from __future__ import annotations

import difflib

import streamlit as st

from desk.faq import Stand, parse
from desk.models import FaqVersion
from ui.desk.door import Staff
from ui.desk.faq_work import Work
from ui.words import escape


def show(staff: Staff, work: Work) -> None:
    """Draw what is below the form."""
    editing, stand, words = work.editing, work.stand(), staff.words
    if editing is None or not stand.versions:
        return
    st.html(f"<h3>{words.html('faq_versions')}</h3>")
    # Looks again every second, but only as long as something is on its way.
    settled = _is_settled(staff, work, stand)
    st.fragment(_standing, run_every=None if settled else 1.0)(staff, work, settled=settled)
    for version in stand.versions:
        if version.state == "submitted":
            _waiting(staff, work, stand, version)
    for version in stand.versions:
        _version(staff, work, stand, version)
    if len(stand.versions) > 1:
        _compare(staff, stand)
    if stand.live is not None and staff.may("editor"):
        st.html(f'<p class="ka-small">{words.html("faq_withdraw_note", number=str(stand.live))}</p>')
        st.button(words.text("faq_withdraw"), on_click=work.withdraw, key="ka_faq_withdraw")


def _is_settled(staff: Staff, work: Work, stand: Stand) -> bool:
    if stand.live is None:
        return work.publisher.state.phase != "running"
    return _is_served(staff, work, stand)


def _standing(staff: Staff, work: Work, *, settled: bool) -> None:
    """Whether questions are answered by the live version yet."""
    editing, stand, words = work.editing, work.stand(), staff.words
    if editing is None:
        return
    if not settled and _is_settled(staff, work, stand):
        st.rerun()
    state, number = work.publisher.state, str(stand.live)
    if stand.live is not None and _is_served(staff, work, stand):
        told = words.html("faq_is_live", number=number)
    elif state.phase == "failed":
        told = words.html("faq_failed", problem=state.problem)
        if staff.may("editor"):
            st.button(words.text("faq_publish_again"), on_click=work.publisher.start, key="ka_faq_again")
    elif stand.live is not None:
        told = words.html("faq_publishing", number=number)
    elif state.phase == "running":
        told = words.html("faq_publishing_off")
    else:
        return
    st.html(f'<p role="status">{told}</p>')


def _is_served(staff: Staff, work: Work, stand: Stand) -> bool:
    """Whether this process answers by the live version."""
    entry = parse(next(version.content for version in stand.versions if version.number == stand.live))
    served = staff.engine.faq_entry(entry.meta.id)
    if served is None:
        return False
    said = [(passage.text, passage.cites) for passage in served.sentences]
    wanted = [(sentence.text, sentence.cites) for sentence in entry.sentences]
    return said == wanted and list(served.questions) == entry.meta.questions


def _waiting(staff: Staff, work: Work, stand: Stand, version: FaqVersion) -> None:
    words, number = staff.words, str(version.number)
    st.html(f"<p>{words.html('faq_waits', number=number, author=version.author)}</p>")
    live = work.live_text(version.entry_id, stand)
    st.html(_difference(staff, live, version.content) if live else f"<p>{words.html('faq_nothing_live')}</p>")
    if not staff.may("editor"):
        return
    if staff.settings.faq_second_person and version.author == staff.user.name:
        st.html(f'<p class="ka-small">{words.html("faq_own_version", number=number)}</p>')
        return
    st.button(
        words.text("faq_approve", number=number),
        on_click=work.approve,
        args=(version.number,),
        key=f"ka_faq_approve_{number}",
        type="primary",
    )


def _version(staff: Staff, work: Work, stand: Stand, version: FaqVersion) -> None:
    words, number = staff.words, str(version.number)
    at, state = version.at.strftime("%Y-%m-%d %H:%M UTC"), words.text(f"faq_state_{version.state}")
    told = [words.text("faq_version", number=number, state=state, author=version.author, at=at)]
    told += [words.text("faq_version_approved_by", name=version.approved_by)] if version.approved_by else []
    told += [words.text("faq_version_live")] if version.number == stand.live else []
    st.html(f"<p>{escape(' · '.join(told))}</p>")
    if version.state == "approved" and version.number != stand.live and staff.may("editor"):
        label = words.text("faq_roll_back", number=number)
        st.button(label, on_click=work.roll_back, args=(version.number,), key=f"ka_faq_back_{number}")


def _compare(staff: Staff, stand: Stand) -> None:
    words = staff.words
    contents = {version.number: version.content for version in stand.versions}
    numbers = list(contents)
    left, right = st.columns(2)
    with left:
        old = st.selectbox(words.text("faq_compare_old"), numbers, index=1, key="ka_faq_compare_old")
    with right:
        new = st.selectbox(words.text("faq_compare_new"), numbers, index=0, key="ka_faq_compare_new")
    st.html(_difference(staff, contents[old], contents[new]))


def _difference(staff: Staff, old: str, new: str) -> str:
    """What changed, line by line, each told in words."""
    words = staff.words
    lines = [line for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line[:2] in ("- ", "+ ")]
    if not lines:
        return f"<p>{words.html('faq_same')}</p>"
    told = {"- ": words.html("faq_removed"), "+ ": words.html("faq_added")}
    return "".join(f"<p><strong>{told[line[:2]]}</strong> {escape(line[2:])}</p>" for line in lines)
