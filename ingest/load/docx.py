"""Word documents (.docx): headings by their styles, lists, tables row by row; pages as Word last broke them."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from docx import Document
from docx.document import Document as Opened
from docx.table import Table
from docx.text.paragraph import Paragraph

from ingest.load.extract import MAX_PAGES, Deadline, Extract, UnusableFileError
from ingest.schema import Problem

MAX_UNPACKED = 100_000_000
"""Most bytes that the parts of a file may have together, unpacked."""

MAX_PARTS = 3000
_HEADINGS = {"title": 1, **{f"heading {level}": level for level in range(1, 7)}}
_FORBIDDEN = tuple(
    word.encode(code) for word in ("<!DOCTYPE", "<!ENTITY") for code in ("ascii", "utf-16-le", "utf-16-be")
)
_WHITE = "FFFFFF"


def read_docx(path: Path, data: bytes) -> Extract:
    """The text of a Word document, page by page where it says where its pages end.

    Raises:
        UnusableFileError: broken, no Word document, unpacks to too much, holds what no document needs, or no text.
    """
    _check_parts(path, data)
    deadline = Deadline(path)
    try:
        document = Document(io.BytesIO(data))
        reading = _Reading()
        for item in document.iter_inner_content():
            deadline.check()
            reading.take(item)
        title = str(document.core_properties.title or "").strip()
    except UnusableFileError:
        raise
    except Exception as error:  # a broken file makes the library raise nearly anything
        raise UnusableFileError(Problem(path, "is broken: it can't be read as a Word document")) from error
    pages = reading.pages()
    if not any(character.isalpha() for page in pages for character in page):
        raise UnusableFileError(Problem(path, "holds no text; a picture is not read"))
    if len(pages) > MAX_PAGES:
        raise UnusableFileError(Problem(path, f"has {len(pages):,} pages; the most is {MAX_PAGES}: split it"))
    return Extract(tuple(pages), title=title, problems=tuple(_problems(path, document, reading)))


def _problems(path: Path, document: Opened, reading: "_Reading") -> Iterator[Problem]:
    if reading.hidden:
        message = "suspicious: text that is hidden or white (left out)"
        yield Problem(path, f"{message}: “{reading.hidden[0][:60]}”", fatal=False, suspicious=True)
    if document.inline_shapes:
        yield Problem(path, "holds pictures, which are not read", fatal=False)


def _check_parts(path: Path, data: bytes) -> None:
    """Look at the parts before any is parsed: how much they unpack to, and that none defines entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            found = parts.infolist()
            names = {part.filename for part in found}
            if len(found) > MAX_PARTS or sum(part.file_size for part in found) > MAX_UNPACKED:
                raise UnusableFileError(Problem(path, "unpacks to far more than a document holds; it isn't read"))
            if "word/document.xml" not in names:
                raise UnusableFileError(Problem(path, "is an archive, but not a Word document"))
            if any(name.endswith("vbaProject.bin") for name in names):
                raise UnusableFileError(Problem(path, "holds macros; save it as a document without macros"))
            for part in found:
                if part.filename.endswith((".xml", ".rels")) and _defines(parts.read(part)):
                    raise UnusableFileError(Problem(path, "defines what no Word document needs; it isn't read"))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise UnusableFileError(Problem(path, "is broken: it can't be read as a Word document")) from error


def _defines(xml: bytes) -> bool:
    return any(word in xml for word in _FORBIDDEN)


class _Reading:
    """Takes paragraphs and tables in order, and begins a new page where Word did."""

    def __init__(self) -> None:
        self._pages: list[list[str]] = [[]]
        self.hidden: list[str] = []

    def take(self, item: Paragraph | Table) -> None:
        """Add one paragraph or table."""
        if isinstance(item, Table):
            self._add(_table(item))
            return
        if item.paragraph_format.page_break_before or item.rendered_page_breaks or _breaks_page(item):
            self._pages.append([])
        self._add(self._paragraph(item))

    def pages(self) -> list[str]:
        """The text of each page that holds any."""
        return [page for parts in self._pages if (page := "\n\n".join(parts))] or [""]

    def _add(self, text: str) -> None:
        if text:
            self._pages[-1].append(text)

    def _paragraph(self, paragraph: Paragraph) -> str:
        text = " ".join(self._seen(paragraph).split()).lstrip("#").strip()
        style = (paragraph.style.name or "").lower() if paragraph.style else ""
        if not text:
            return ""
        if style in _HEADINGS:
            return f"{'#' * max(2, _HEADINGS[style])} {text}"
        return f"- {text}" if style.startswith("list") else text

    def _seen(self, paragraph: Paragraph) -> str:
        """The words that a reader sees; hidden and white ones are noted."""
        hidden = [run.text for run in paragraph.runs if run.text.strip() and _is_hidden(run.font)]
        if not hidden:
            return str(paragraph.text)
        self.hidden += hidden
        return "".join(run.text for run in paragraph.runs if not _is_hidden(run.font))


def _is_hidden(font: object) -> bool:
    color = getattr(getattr(font, "color", None), "rgb", None)
    return bool(getattr(font, "hidden", False)) or str(color) == _WHITE


def _breaks_page(paragraph: Paragraph) -> bool:
    return bool(paragraph._p.xpath('.//w:br[@w:type="page"]'))


def _table(table: Table) -> str:
    """Each row as a bullet: the cells, each once, where cells were merged."""
    rows = (dict.fromkeys(" ".join(cell.text.split()) for cell in row.cells) for row in table.rows)
    return "\n".join(f"- {'; '.join(filter(None, row))}" for row in rows if any(row))
