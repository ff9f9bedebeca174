"""The small piece of browser code beside the page (``static/bridge.js``), and how the chat page talks to it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from ui.session import State

_HTML = '<div role="status" aria-live="polite" aria-atomic="true" class="ka-sr"></div>'
_SCRIPT = Path(__file__).parent / "static" / "bridge.js"


@lru_cache(maxsize=1)
def _component() -> Any:
    script = _SCRIPT.read_text(encoding="utf-8")
    return st.components.v2.component("ketamine_answers_bridge", html=_HTML, js=script, isolate_styles=False)


def mount(state: State) -> None:
    """Put the bridge on the page; take up the conversation that this browser tab had before a reload."""
    with st.container(key="ka-bridge"):
        result = _component()(
            key="bridge",
            data={
                "conversation": state.conversation.id,
                "announcement": {"id": state.announced, "text": state.announcement},
                "scroll": state.scroll_to,
            },
            default={"stored": ""},
            on_stored_change=_ignore,
        )
    stored = str(result.stored or "")
    if stored and stored != state.conversation.id and state.resume(stored):
        st.rerun()


def _ignore() -> None:
    """The value is read where the bridge is mounted; a callback must exist for the state to have a default."""
