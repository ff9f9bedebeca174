"""The staff's page that checks a text: each sentence with its label, the closest quotes, and what to say instead."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from answer.audit import Auditor, Finding
from ui import pages, shared
from ui.desk import door
from ui.desk.findings import LABELS, as_json, as_markdown, counts_html, finding_html, in_words
from ui.desk.given import MOST_BYTES, SUFFIXES, CantReadError, File, sentences_of

if TYPE_CHECKING:
    from answer.engine import Engine

_STYLE = Path(__file__).parent / "audit.css"
_PAGE = 50
_AT_ONCE = 8
_FINDINGS = "ka_audit_findings"
_RUN = "ka_audit_run"
_SHOWN = "ka_audit_shown"


def show() -> None:
    """Draw the page."""
    engine = door.enter().engine
    st.html(_STYLE)
    _heading()
    pasted, file, pressed = _form()
    if pressed:
        _check(engine, pasted, file)
    findings: list[Finding] = st.session_state.get(_FINDINGS, [])
    if findings:
        _results(engine, findings)


def _heading() -> None:
    words = shared.parts().words
    told = "".join(f'<p class="ka-small">{words.html(id)}</p>' for id in ("audit_limits", "audit_kept"))
    intro = f"<p>{words.html('audit_intro')}</p>"
    st.html(f'<div class="ka-library"><h2>{words.html("audit_title")}</h2>{intro}{told}</div>')


def _form() -> tuple[str, File | None, bool]:
    words = shared.parts().words
    with st.form("ka-audit", border=False):
        pasted = st.text_area(
            words.text("audit_text"),
            placeholder=words.text("audit_text_placeholder"),
            height=180,
            key="ka_audit_text",
        )
        chosen = st.file_uploader(
            words.text("audit_file"), type=SUFFIXES, max_upload_size=MOST_BYTES // 1_000_000, key="ka_audit_file"
        )
        pressed = st.form_submit_button(words.text("audit_start"), type="primary")
    return pasted, File(chosen.name, chosen.getvalue()) if chosen else None, pressed


def _check(engine: Engine, pasted: str, file: File | None) -> None:
    """Check what was given. What was found before is forgotten first, so that it can't be taken for the new text's."""
    st.session_state.pop(_FINDINGS, None)
    words = shared.parts().words
    try:
        texts = sentences_of(pasted, file, words)
    except CantReadError as error:
        st.warning(str(error))
        return
    auditor, findings = Auditor(engine), list[Finding]()
    total = f"{len(texts):,}"
    bar = st.progress(0.0, words.text("audit_working", done="0", total=total))
    for start in range(0, len(texts), _AT_ONCE):
        findings += auditor.audit(texts[start : start + _AT_ONCE])
        told = words.text("audit_working", done=f"{len(findings):,}", total=total)
        bar.progress(len(findings) / len(texts), told)
    bar.empty()
    st.session_state[_FINDINGS] = findings
    st.session_state[_RUN] = int(st.session_state.get(_RUN, 0)) + 1
    st.session_state[_SHOWN] = _PAGE


def _results(engine: Engine, findings: list[Finding]) -> None:
    words = shared.parts().words
    st.html(f'<p class="ka-done" role="status">{in_words(findings, words)}</p>{counts_html(findings, words)}')
    _save(engine, findings)
    chosen = _filter(findings)
    fitting = [pair for pair in enumerate(findings, start=1) if not chosen or pair[1].label in chosen]
    if chosen:
        told = words.html("audit_shown", count=f"{len(fitting):,}", total=f"{len(findings):,}")
        st.html(f'<p class="ka-small" role="status">{told}</p>')
    shown = int(st.session_state[_SHOWN])
    in_library = "library.py" in pages.chosen(shared.parts().settings.pages)
    for number, finding in fitting[:shown]:
        st.html(finding_html(number, finding, words, engine.source, in_library=in_library))
    if len(fitting) > shown:
        st.button(words.text("audit_more"), on_click=_show_more, key="ka-audit-more")


def _filter(findings: list[Finding]) -> list[str]:
    """The labels to show; none means all."""
    words = shared.parts().words
    counts = Counter(finding.label for finding in findings)
    return st.pills(
        words.text("audit_filter"),
        [label for label in LABELS if counts[label]],
        selection_mode="multi",
        format_func=lambda label: f"{words.text(f'audit_label_{label}')} ({counts[label]})",
        key=f"ka_audit_labels_{st.session_state[_RUN]}",
    )


def _save(engine: Engine, findings: list[Finding]) -> None:
    words = shared.parts().words
    name = words.text("audit_saved_file")
    with st.container(horizontal=True, key="ka-audit-save"):
        st.download_button(
            words.text("audit_save_markdown"),
            partial(as_markdown, findings, words, engine.source, date.today()),
            file_name=f"{name}.md",
            mime="text/markdown",
            key="ka-audit-markdown",
            on_click="ignore",
        )
        st.download_button(
            words.text("audit_save_json"),
            partial(as_json, findings),
            file_name=f"{name}.json",
            mime="application/json",
            key="ka-audit-json",
            on_click="ignore",
        )


def _show_more() -> None:
    st.session_state[_SHOWN] = int(st.session_state[_SHOWN]) + _PAGE


show()
