"""Which pages a process shows: the readers', the staff's, or both. A page's file is read only when it is shown."""

from __future__ import annotations

from typing import Literal

from errors import OperatorError

PUBLIC = {"chat.py": "nav_chat", "library.py": "nav_library"}
"""File below ``ui/`` → id of its name."""

DESK: dict[str, str] = {
    "desk/inbox.py": "nav_inbox",
    "desk/tickets.py": "nav_tickets",
    "desk/draft.py": "nav_draft",
    "desk/faq.py": "nav_faq",
    "desk/documents.py": "nav_documents",
    "desk/audit.py": "nav_audit",
    "desk/asked.py": "nav_asked",
    "desk/release.py": "nav_release",
    "desk/health.py": "nav_health",
}
"""The staff's pages, in the same form."""


class NoPagesError(OperatorError):
    """There are no pages of the kind that was asked for."""


def chosen(which: Literal["public", "desk", "all"]) -> dict[str, str]:
    """The pages to show, the first one as the start.

    Raises:
        NoPagesError: there are none of that kind.
    """
    found = {"public": PUBLIC, "desk": DESK, "all": PUBLIC | DESK}[which]
    if not found:
        raise NoPagesError(f"Setting 'pages': this version has no pages for '{which}'. Use 'public'.")
    return found


def address(file: str) -> str:
    """The last part of a page's address: ``audit`` for ``desk/audit.py``."""
    return file.removesuffix(".py").rsplit("/", 1)[-1]
