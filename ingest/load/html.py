"""HTML: the readable text of a page, without menus, scripts and what its styles hide."""

from pathlib import Path

import trafilatura

from ingest.load.extract import Extract, UnusableFileError
from ingest.load.markdown import split_front_matter
from ingest.load.text import decoded
from ingest.schema import Problem
from ingest.suspect import without_hidden


def read_html(path: Path, data: bytes) -> Extract:
    """The readable text of a page, as one page; it may have front matter as a Markdown file has."""
    matter, page, first_line = split_front_matter(decoded(path, data))
    text, hidden = _readable(path, page, first_line)
    return Extract((text,), matter, first_line, problems=tuple(hidden))


def _readable(path: Path, page: str, first_line: int) -> tuple[str, list[Problem]]:
    """A page's readable text, without its scripts and comments, and a report of elements that its styles hide."""
    shown, lines = without_hidden(page)
    text = trafilatura.extract(shown, output_format="markdown", include_tables=True, favor_recall=True)
    if not text:
        raise UnusableFileError(Problem(path, "no readable text was found in this HTML page"))
    message = "suspicious: text that is hidden by its style (not indexed)"
    return str(text), [Problem(path, message, line=first_line + line - 1, suspicious=True) for line in lines]
