"""Which format is read by what, and whether a file is what its name says.

A new format is one more ``Format`` in ``FORMATS``: how its first bytes look, how large it may be, and its reader.
"""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from ingest.load.docx import read_docx
from ingest.load.extract import Extract, Reader, UnusableFileError
from ingest.load.html import read_html
from ingest.load.markdown import read_markdown
from ingest.load.pdf import read_pdf
from ingest.load.text import MAX_BYTES, read_bytes
from ingest.schema import Problem

MAX_DOCUMENT_BYTES = 30_000_000
_PAGE = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_PDF_WITHIN = 1024


@dataclass(frozen=True, slots=True)
class Format:
    """A format: what it is called, its reader, most bytes, and what its content may be (``content_of``).

    ``paged`` formats have pages, so that a place in them isn't a line of the file.
    """

    name: str
    read: Reader
    holds: tuple[str, ...]
    most_bytes: int = MAX_BYTES
    paged: bool = False


MARKDOWN = Format("Markdown", read_markdown, ("text",))
TEXT = Format("plain text", read_markdown, ("text",))
HTML = Format("HTML", read_html, ("page", "text"))
PDF = Format("PDF", read_pdf, ("PDF",), MAX_DOCUMENT_BYTES, paged=True)
DOCX = Format("Word", read_docx, ("archive",), MAX_DOCUMENT_BYTES, paged=True)
FORMATS = {
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".txt": TEXT,
    ".html": HTML,
    ".htm": HTML,
    ".pdf": PDF,
    ".docx": DOCX,
}
SUFFIXES = tuple(FORMATS)
_CALLED = {
    "PDF": "a PDF",
    "archive": "an archive",
    "old": "an old Word document, or one with a password: save it as .docx without one",
    "page": "an HTML page",
    "binary": "a binary file",
    "text": "plain text",
}


def format_of(path: Path) -> Format:
    """The format of a file by its name; a name that says nothing is taken for plain text."""
    return FORMATS.get(path.suffix.lower(), TEXT)


def read(path: Path, data: bytes) -> Extract:
    """The text of a file that is what its name says.

    Raises:
        UnusableFileError: it is something else, or can't be read.
    """
    wanted = format_of(path)
    if len(data) > wanted.most_bytes:
        raise UnusableFileError(Problem(path, f"is larger than {wanted.most_bytes // 1_000_000} MB; split it"))
    content = content_of(data)
    # What isn't text under a text's name is told by its reader, with the line.
    if content not in wanted.holds and not (content == "binary" and "text" in wanted.holds):
        message = f"is named as {wanted.name}, but is {_CALLED[content]}"
        raise UnusableFileError(Problem(path, message))
    return wanted.read(path, data)


def read_file(path: Path) -> tuple[bytes, Extract]:
    """A file's bytes and its text; raises ``UnusableFileError`` when it can't be read."""
    data = read_bytes(path, format_of(path).most_bytes)
    return data.removeprefix(codecs.BOM_UTF8), read(path, data)


def content_of(data: bytes) -> str:
    """What a file's first bytes say it is: PDF, archive, old (Word), page, binary or text."""
    if data.startswith(b"PK\x03\x04"):
        return "archive"
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "old"
    if b"%PDF-" in data[:_PDF_WITHIN]:
        return "PDF"
    if b"\0" in data[:8192]:
        return "binary"
    return "page" if _PAGE.match(data.removeprefix(codecs.BOM_UTF8)) else "text"
