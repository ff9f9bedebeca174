"""The lower part of the drafting page: the reply to edit, its sources, the check of the edits, what to copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import streamlit as st

from answer.audit import Auditor, Finding
from desk.reply import Finished, as_email, as_text, claims, finish, trouble
from ui import pages, shared
from ui.desk import door
from ui.desk.drafting import PUT_BACK, STATE, TEXT, State
from ui.desk.findings import counts_html, finding_html, in_words
from ui.desk.replied import as_page, sources_html, trouble_html

_AT_ONCE = 8


def _bring_back() -> None:
    state: State = st.session_state[STATE]
    state.before, st.session_state[TEXT] = st.session_state[TEXT], state.before


def reply_section(staff: door.Staff, state: State) -> None:
    """The text to edit with its sources, the check of it, and what to copy and save."""
    words = staff.words
    st.html(f'<h3 id="ka-draft-reply" tabindex="-1">{words.html("draft_reply")}</h3>')
    if any(item.is_answered and item.answer.language != staff.settings.language for item in state.items):
        st.info(words.text("draft_other_language"))
    text = st.text_area(words.text("draft_text"), help=words.text("draft_text_help"), height=420, key=TEXT)
    if state.before:
        st.button(words.text("draft_bring_back"), on_click=_bring_back, key="ka-draft-back")
    finished = finish(text, state.reply.notes)
    if finished.unknown:
        st.warning(words.text("draft_unknown", numbers=", ".join(f"[{number}]" for number in finished.unknown)))
    cited = [note for note in state.reply.notes if f"[{note.number}]" in text]
    st.html(sources_html(cited, words, in_library=_in_library()))
    if st.button(words.text("draft_check"), key="ka-draft-check"):
        _check(staff, state, text)
    if state.checked:
        _findings(staff, state, text)
    _save(staff, state, finished)


def _check(staff: door.Staff, state: State, text: str) -> None:
    """Audit the edited text, our own phrases aside, and look for sentences that lost their source."""
    words, auditor = staff.words, Auditor(staff.engine)
    told = claims(text, state.reply.phrases)
    findings: list[Finding] = []
    bar = st.progress(0.0, words.text("draft_checking", done="0", total=str(len(told))))
    for start in range(0, len(told), _AT_ONCE):
        findings += auditor.audit([claim.text for claim in told[start : start + _AT_ONCE]])
        progress = words.text("draft_checking", done=str(len(findings)), total=str(len(told)))
        bar.progress(len(findings) / len(told), progress)
    bar.empty()
    found = (
        (trouble(claim, state.reply.said, states=finding.label != "not_a_claim"), finding.text)
        for claim, finding in zip(told, findings, strict=True)
    )
    state.troubles = [(kind, text) for kind, text in found if kind]
    state.findings, state.checked = findings, text


def _findings(staff: door.Staff, state: State, text: str) -> None:
    words = staff.words
    if text != state.checked:
        st.warning(words.text("draft_check_stale"))
    st.html(trouble_html(state.troubles, words))
    told = f'<p class="ka-done" role="status">{in_words(state.findings, words)}</p>'
    st.html(f"{told}{counts_html(state.findings, words)}")
    for number, finding in enumerate(state.findings, start=1):
        st.html(finding_html(number, finding, words, staff.engine.source, in_library=_in_library()))


def _in_library() -> bool:
    return "library.py" in pages.chosen(shared.parts().settings.pages)


def _save(staff: door.Staff, state: State, finished: Finished) -> None:
    """The reply to copy and to save; with the patient's details where the switch says so."""
    words, wording = staff.words, staff.engine.wording
    put_back = st.toggle(words.text("draft_put_back"), help=words.text("draft_put_back_help"), key=PUT_BACK)
    hidden = dict.fromkeys(one.placeholder for one in state.mail.hidden.found if one.placeholder in finished.text)
    if put_back:
        finished = replace(finished, text=state.mail.hidden.put_back(finished.text))
    told = "draft_put_back_done" if put_back else "draft_still_hidden" if hidden else "draft_nothing_hidden"
    st.html(f'<p class="ka-small">{words.html(told, found=", ".join(hidden))}</p>')
    quotes = state.options.length != "short"
    text = as_text(finished, wording, quotes=quotes)
    st.html(f'<h3>{words.html("draft_copy")}</h3><p class="ka-small">{words.html("draft_copy_note")}</p>')
    st.code(text, language=None, wrap_lines=True)
    subject = words.text("draft_subject", clinic=staff.settings.clinic_name)
    page = partial(as_page, finished, words, staff.settings.language, subject, quotes=quotes)
    _buttons(words.text("draft_saved_file"), page, lambda: as_email(subject, text, page()))


def _buttons(name: str, page: Callable[[], str], email: Callable[[], bytes]) -> None:
    words = shared.parts().words
    with st.container(horizontal=True, key="ka-draft-save"):
        st.download_button(
            words.text("draft_save_eml"),
            email,
            file_name=f"{name}.eml",
            mime="message/rfc822",
            help=words.text("draft_save_eml_help"),
            key="ka-draft-eml",
            on_click="ignore",
        )
        st.download_button(
            words.text("draft_save_html"),
            page,
            file_name=f"{name}.html",
            mime="text/html",
            key="ka-draft-html",
            on_click="ignore",
        )
