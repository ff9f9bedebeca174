"""What every page has in common: look, heading, links between the pages, and help in a crisis at its foot."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui import shared
from ui.helplines import help_strip
from ui.words import Words

_HERE = Path(__file__).parent
_ICON = _HERE / "static" / "icon.png"


def open_frame() -> None:
    """Page title, own style sheet, heading and the line with help. Call first, once a run."""
    words = shared.parts().words
    st.set_page_config(page_title=words.text("title"), page_icon=str(_ICON), layout="centered")
    st.html(_HERE / "style.css")
    st.html(
        f'<header class="ka-header"><h1>{words.html("title")}</h1><p>{words.html("tagline")}</p></header>',
    )
    with st.bottom:
        st.html(help_strip(shared.parts().help_at_hand(), words))


def links(pages: dict[str, str], words: Words) -> None:
    """Links to the pages: file of the page → id of its name."""
    with st.container(horizontal=True, key="ka-nav"):
        for file, name in pages.items():
            st.page_link(file, label=words.text(name))


def sorry(id: str) -> None:
    """A calm sentence in place of a page that failed, with the help lines of the country in full."""
    here = shared.parts()
    st.html(f'<p class="ka-sorry" role="alert">{here.words.html(id)}</p>')
    with st.container(key="ka-sorry-help"):
        st.html(help_strip(here.help_at_hand(), here.words))
