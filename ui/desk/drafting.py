"""What one session of the drafting page holds, and the keys of its fields. Nothing of it leaves the session."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from answer.audit import Finding
from desk.draft import Item, Mail
from desk.reply import Options, Reply, Trouble

STATE, MAIL, TEXT, OWN = "ka_draft", "ka_draft_mail", "ka_draft_text", "ka_draft_own"
TONE, LENGTH, PUT_BACK = "ka_draft_tone", "ka_draft_length", "ka_draft_put_back"
_KEPT = (MAIL, TEXT, OWN, TONE, LENGTH)


@dataclass(slots=True)
class State:
    """What this session has drafted. ``run`` counts the drafts; ``before`` is the text that the last one replaced."""

    mail: Mail
    items: list[Item]
    reply: Reply
    options: Options
    run: int
    before: str = ""
    checked: str = ""
    findings: list[Finding] = field(default_factory=list)
    troubles: list[tuple[Trouble, str]] = field(default_factory=list)


def restore() -> None:
    """Give the fields what they held before another page was shown: Streamlit forgets fields that it doesn't draw."""
    for key in _KEPT:
        if key not in st.session_state and f"{key}_kept" in st.session_state:
            st.session_state[key] = st.session_state[f"{key}_kept"]


def remember() -> None:
    """Keep what the fields hold now."""
    for key in _KEPT:
        if key in st.session_state:
            st.session_state[f"{key}_kept"] = st.session_state[key]
