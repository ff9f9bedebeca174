"""The script that Streamlit runs: the frame, then the page that the address names."""

import streamlit as st

from ui import frame, pages, shared


def run() -> None:
    """Draw the frame and run the page."""
    here = shared.parts()
    shown = pages.chosen(here.settings.pages)
    page = st.navigation(
        [
            st.Page(file, title=here.words.text(name), url_path=pages.address(file), default=file == next(iter(shown)))
            for file, name in shown.items()
        ],
        position="hidden",
    )
    frame.open_frame()
    frame.links(shown, here.words)
    if here.engine is None:
        frame.sorry("not_ready")
    else:
        page.run()


run()
