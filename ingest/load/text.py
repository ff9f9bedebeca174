"""Plain text: what is UTF-8, and what isn't text at all."""

import codecs
from pathlib import Path

from ingest.load.extract import UnusableFileError
from ingest.schema import Problem

MAX_BYTES = 5_000_000


def read_text(path: Path) -> str:
    """A file's text.

    Raises:
        UnusableFileError: missing, unreadable, empty, binary, too large, or not UTF-8.
    """
    return decoded(path, read_bytes(path, MAX_BYTES))


def read_bytes(path: Path, most: int) -> bytes:
    """A file's bytes; raises ``UnusableFileError`` when it can't be read or has more than ``most``."""
    try:
        size = path.stat().st_size
        if size > most:
            raise UnusableFileError(Problem(path, f"is larger than {most // 1_000_000} MB; split it"))
        return path.read_bytes()
    except OSError as error:
        raise UnusableFileError(Problem(path, f"can't be read: {error.strerror}")) from error


def decoded(path: Path, data: bytes) -> str:
    """Bytes as text; raises ``UnusableFileError`` when they are empty, binary, or not UTF-8."""
    if b"\0" in data[:8192]:
        raise UnusableFileError(Problem(path, "is a binary file, not text"))
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UnusableFileError(Problem(path, "is not UTF-8 text; save it as UTF-8", line=line)) from error
    if not text.strip():
        raise UnusableFileError(Problem(path, "is empty"))
    return text
