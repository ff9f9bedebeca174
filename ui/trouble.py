"""Errors, for the operator's log: what failed and where, never what a reader wrote."""

import logging
import traceback

_LOG = logging.getLogger("ketamine_answers")
_STREAMLIT_LOG = logging.getLogger("streamlit.error_util")


def report(error: BaseException) -> None:
    """Log an error as one line: its class and where it came from. Its message may quote a reader: it is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown place"
    _LOG.error("%s at %s", type(error).__name__, place)


def quieten_streamlit() -> None:
    """Streamlit logs a failed script with its message and traceback besides; leave out both."""
    if _without_details not in _STREAMLIT_LOG.filters:
        _STREAMLIT_LOG.addFilter(_without_details)


def _without_details(record: logging.LogRecord) -> bool:
    record.exc_info = record.exc_text = None
    return True
