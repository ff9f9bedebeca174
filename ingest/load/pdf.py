"""PDF: the text of each page with its headings, told by their size. What is only a picture holds no text."""

import io
import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError

from ingest.load.extract import MAX_PAGES, Deadline, Extract, UnusableFileError
from ingest.schema import Problem

HEADING_SIZE = 1.15
PARAGRAPH_GAP = 1.5
LONGEST_HEADING = 150
FEWEST_LETTERS = 20
MOST_PAGE_CHARS = 200_000
_INVISIBLE_MODE = 3
_BULLET = re.compile(r"^\s*[•◦▪‣●○∙·–]\s+")

# It tells of every slip of a file, which our own problem sums up.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def read_pdf(path: Path, data: bytes) -> Extract:
    """The text of each page.

    Raises:
        UnusableFileError: protected by a password, broken, scanned without text, too many pages or too slow to read.
    """
    deadline = Deadline(path)
    try:
        reader = PdfReader(io.BytesIO(data))
        _check_open(path, reader)
        pages = []
        for page in reader.pages:
            deadline.check()
            pages.append(_Page(page))
        title = str((reader.metadata and reader.metadata.title) or "").strip()
    except UnusableFileError:
        raise
    except (FileNotDecryptedError, DependencyError) as error:
        raise _protected(path) from error
    except LimitReachedError as error:
        raise UnusableFileError(Problem(path, "unpacks to far more than a document holds; it isn't read")) from error
    except Exception as error:  # a broken file makes the library raise nearly anything
        raise UnusableFileError(Problem(path, "is broken: it can't be read as a PDF")) from error
    _check_text(path, pages)
    size = _usual_size(pages)
    return Extract(tuple(page.markdown(size) for page in pages), title=title, problems=tuple(_problems(path, pages)))


def _check_open(path: Path, reader: PdfReader) -> None:
    if reader.is_encrypted and not reader.decrypt(""):
        raise _protected(path)
    if len(reader.pages) > MAX_PAGES:
        raise UnusableFileError(Problem(path, f"has {len(reader.pages):,} pages; the most is {MAX_PAGES}: split it"))


def _protected(path: Path) -> UnusableFileError:
    return UnusableFileError(Problem(path, "is protected by a password; save it without one"))


def _check_text(path: Path, pages: Sequence["_Page"]) -> None:
    if sum(page.letters for page in pages) < FEWEST_LETTERS:
        message = "holds no text: it seems to be scanned. Make its text readable (OCR) first, or type it"
        raise UnusableFileError(Problem(path, message))


def _problems(path: Path, pages: Sequence["_Page"]) -> list[Problem]:
    found = []
    if empty := [number for number, page in enumerate(pages, start=1) if not page.letters]:
        found.append(Problem(path, f"no text on page {_listed(empty)}; a picture is not read", fatal=False))
    if hidden := [number for number, page in enumerate(pages, start=1) if page.hides]:
        why = f"suspicious: text that can't be seen, or white text, on page {_listed(hidden)}"
        found.append(Problem(path, f"{why}; compare it with the original", fatal=False, suspicious=True))
    return found


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:10])) + (" …" if len(numbers) > 10 else "")


@dataclass(slots=True)
class _Line:
    text: str = ""
    size: float = 0.0
    height: float | None = None


@dataclass(slots=True)
class _Ink:
    """How text is painted: a mode and a colour, saved and brought back as the page's own commands say."""

    mode: float = 0
    white: bool = False
    hides: bool = False
    saved: list[tuple[float, bool]] = field(default_factory=list)

    def follow(self, operator: bytes, operands: Sequence[Any]) -> None:
        """Take in one command of the page."""
        if operator == b"q":
            self.saved.append((self.mode, self.white))
        elif operator == b"Q" and self.saved:
            self.mode, self.white = self.saved.pop()
        elif operator == b"Tr" and operands:
            self.mode = float(operands[0])
        elif operator in (b"g", b"rg", b"sc", b"scn"):
            self.white = bool(operands) and all(isinstance(part, int | float) and part == 1 for part in operands)
        elif operator in (b"k", b"cs"):
            self.white = False
        elif operator in (b"Tj", b"TJ", b"'", b'"'):
            self.hides |= self.mode == _INVISIBLE_MODE or self.white


class _Page:
    """One page: its lines, each with the size of its letters and how high it stands."""

    def __init__(self, page: PageObject) -> None:
        self.lines = [_Line()]
        ink = _Ink()
        length = len(
            page.extract_text(
                visitor_text=self._take,
                visitor_operand_before=lambda operator, operands, *_: ink.follow(operator, operands),
            )
        )
        if length > MOST_PAGE_CHARS:
            raise LimitReachedError("A page holds too much text.")
        self.hides = ink.hides
        self.lines = [line for line in self.lines if line.text.strip()]
        self.letters = sum(character.isalpha() for line in self.lines for character in line.text)

    def _take(self, text: str, cm: Sequence[float], tm: Sequence[float], _font: object, size: float) -> None:
        scale = abs(tm[3] * cm[3]) or 1.0
        for number, part in enumerate(text.split("\n")):
            if number:
                self.lines.append(_Line())
            if not part.strip():
                self.lines[-1].text += part
                continue
            line = self.lines[-1]
            line.text += part
            line.size = max(line.size, round(size * scale, 1))
            line.height = tm[5] * cm[3] + cm[5] if line.height is None else line.height

    def markdown(self, usual: float) -> str:
        """The page's text: larger lines as headings, an empty line where there is a gap."""
        told: list[str] = []
        before: _Line | None = None
        for line in self.lines:
            heading = _is_heading(line, usual)
            if before and heading and _same_heading(before, line):
                told[-1] += f" {_tidy(line.text)}"
            else:
                if before and (heading or _is_heading(before, usual) or _gap(before, line)):
                    told.append("")
                told.append(f"## {_tidy(line.text)}" if heading else _BULLET.sub("- ", _tidy(line.text)))
            before = line
        return "\n".join(told)


def _usual_size(pages: Sequence[_Page]) -> float:
    """The size that most letters have."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0]


def _is_heading(line: _Line, usual: float) -> bool:
    return line.size >= usual * HEADING_SIZE and len(line.text) <= LONGEST_HEADING


def _same_heading(before: _Line, line: _Line) -> bool:
    return before.size == line.size and not _gap(before, line)


def _gap(before: _Line, line: _Line) -> bool:
    if before.height is None or line.height is None:
        return False
    return abs(before.height - line.height) > PARAGRAPH_GAP * max(line.size, before.size)


def _tidy(text: str) -> str:
    """A line without marks that would make it a heading."""
    return " ".join(text.split()).lstrip("#").strip()
