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
    _links(shown)
    if here.engine is None:
        frame.sorry("not_ready")
    else:
        page.run()


def _links(shown: dict[str, str]) -> None:
    """Links to the readers' pages for everybody, to the staff's for who is signed in."""
    here = shared.parts()
    if here.settings.pages == "public":
        frame.links(shown, here.words)
        return
    from ui.desk import door  # noqa: PLC0415 - a process that serves readers alone never imports it

    staff = door.signed_in() is not None
    frame.links({file: name for file, name in shown.items() if staff or file in pages.PUBLIC}, here.words)
    door.sign_out_form()


run()
