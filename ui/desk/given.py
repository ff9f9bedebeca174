"""The text that staff give to be checked, pasted or as a file, and what is said of one that can't be read."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from answer.audit import MOST_CHARS, TooLongError, UnreadableTextError, read_bytes
from ui.words import Words

MOST_BYTES = 1_000_000
SUFFIXES = ["txt", "md", "html"]


class CantReadError(Exception):
    """A text can't be checked; the message is what the reader is told."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that was chosen."""

    name: str
    data: bytes


def sentences_of(pasted: str, file: File | None, words: Words) -> list[str]:
    """The headings and sentences of what was given, in order.

    Raises:
        CantReadError: nothing or two things were given, or it is binary, too long or unreadable.
    """
    if pasted.strip() and file:
        raise CantReadError(words.text("audit_both"))
    data = _data(pasted, file, words)
    try:
        found = read_bytes(data, file.name if file else words.text("audit_text"))
    except TooLongError as error:
        raise _too_large(words) from error
    except UnreadableTextError as error:
        raise CantReadError(words.text("audit_unreadable", reason=str(error).rstrip("."))) from error
    if not found:
        raise CantReadError(words.text("audit_nothing"))
    return found


def _data(pasted: str, file: File | None, words: Words) -> bytes:
    data = file.data.removeprefix(codecs.BOM_UTF8) if file else pasted.encode("utf-8", errors="replace")
    if len(data) > MOST_BYTES:
        raise _too_large(words)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CantReadError(words.text("audit_binary")) from error
    if "\0" in text:
        raise CantReadError(words.text("audit_binary"))
    if not text.strip():
        raise CantReadError(words.text("audit_empty"))
    return data


def _too_large(words: Words) -> CantReadError:
    return CantReadError(words.text("audit_too_large", characters=f"{MOST_CHARS:,}"))
