"""What a reader of a format gives: pages of Markdown text, and what is wrong with a file that can't be read."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.schema import Problem

MAX_PAGES = 500
MAX_SECONDS = 60.0
"""Longest time for reading one file, in seconds."""

_ENDS = (".", "!", "?", ":", ";", "”", '"')


class UnusableFileError(Exception):
    """A document can't be read; carries the ``Problem`` to report."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Extract:
    """The text of a document.

    ``pages`` are Markdown: headings begin with ``#``, bullets with ``-``. ``matter`` is a text file's front matter,
    ``first_line`` the line that its text begins with; ``title`` is what the file itself is called inside.
    """

    pages: tuple[str, ...]
    matter: str | None = None
    first_line: int = 1
    title: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def body(self) -> str:
        """All pages as one text; a sentence that goes on over the page is joined."""
        return joined(self.pages)


Reader = Callable[[Path, bytes], Extract]
"""Reads a file's bytes; the path is for its name and for reports. Raises ``UnusableFileError``."""


class Deadline:
    """Ends the reading of a file that takes too long."""

    def __init__(self, path: Path, seconds: float = MAX_SECONDS) -> None:
        self._path, self._end = path, time.monotonic() + seconds

    def check(self) -> None:
        """Raise ``UnusableFileError`` when the time is up."""
        if time.monotonic() > self._end:
            raise UnusableFileError(Problem(self._path, "takes too long to read; split it, or save it as plain text"))


def joined(pages: Sequence[str]) -> str:
    """Pages as one text, with an empty line between them unless a sentence goes on."""
    body = ""
    for page in pages:
        goes_on = body and not body.rstrip().endswith(_ENDS) and page.lstrip()[:1].islower()
        body += ("\n" if goes_on else "\n\n" if body else "") + page
    return body
