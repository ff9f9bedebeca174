"""Reviewed answers as files: all live ones as a zip, and a zip of entries taken in by an admin."""

from __future__ import annotations

import streamlit as st

from desk.check import Checker
from desk.faq import FaqError
from desk.files import BadZipError, bring_in_zip, export_zip
from ui.desk.door import Staff
from ui.desk.faq_work import Work
from ui.words import escape

_MEGABYTES = 5


def show(staff: Staff, work: Work) -> None:
    """Draw the part below the list."""
    words = staff.words
    st.html(f"<h3>{words.html('faq_files')}</h3>")
    st.download_button(
        words.text("faq_export"),
        lambda: export_zip(work.faq),
        file_name="faq.zip",
        mime="application/zip",
        key="ka_faq_export",
        on_click="ignore",
    )
    if not staff.may("admin"):
        return
    given = st.file_uploader(words.text("faq_import"), type="zip", max_upload_size=_MEGABYTES, key="ka_faq_zip")
    if given and st.button(words.text("faq_import_button"), key="ka_faq_import"):
        _take_in(staff, work, given.getvalue(), work.check)


def _take_in(staff: Staff, work: Work, data: bytes, check: Checker) -> None:
    words = staff.words
    try:
        done = bring_in_zip(work.faq, data, staff.user, check)
    except BadZipError as error:
        st.error(words.text(f"faq_import_{error.reason}"))
        return
    except FaqError as error:
        st.error(str(error))
        return
    if done.count:
        work.publisher.start()
    st.success(words.text("faq_imported", count=str(done.count)))
    if done.unsupported:
        items = "".join(f"<li>{escape(line)}</li>" for line in done.unsupported)
        st.html(f"<p>{words.html('faq_import_unsupported')}</p><ul>{items}</ul>")
