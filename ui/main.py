"""The script that Streamlit runs: the frame, then the page that the address names."""

import streamlit as st

from ui import frame, shared

_PAGES = {"chat.py": "nav_chat", "library.py": "nav_library"}


def run() -> None:
    """Draw the frame and run the page."""
    here = shared.parts()
    page = st.navigation(
        [
            st.Page(file, title=here.words.text(name), url_path=file.removesuffix(".py"), default=file == "chat.py")
            for file, name in _PAGES.items()
        ],
        position="hidden",
    )
    frame.open_frame()
    frame.links(_PAGES, here.words)
    if here.engine is None:
        frame.sorry("not_ready")
    else:
        page.run()


run()
