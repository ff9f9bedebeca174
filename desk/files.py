"""FAQ entries as a zip file: all live ones out, an admin's in."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from desk.faq import FaqDesk, read
from desk.models import User
from ingest.faq import FaqEntry

MOST_FILES = 5_000
MOST_BYTES = 20_000_000


class BadZipError(Exception):
    """An uploaded file can't be taken in; ``reason`` says why."""

    def __init__(self, reason: Literal["not_zip", "too_large", "nothing"]) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """How many entries were new or had changed, and what of them their sources don't bear out."""

    count: int
    unsupported: tuple[str, ...]


def export_zip(faq: FaqDesk) -> bytes:
    """All live entries, one file each."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        for id, content in sorted(faq.live().items()):
            packed.writestr(f"{id}.md", content)
    return written.getvalue()


def bring_in_zip(faq: FaqDesk, data: bytes, user: User, check: Callable[[FaqEntry], Sequence[str]]) -> BroughtIn:
    """Take the entries of a zip file as approved: all of them or none.

    Raises:
        BadZipError: no zip file, too much in it, or no entry.
        FaqError: a file isn't an entry (the message names it), or the user is no admin.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _unpack(data, folder)
        count = faq.bring_in(folder, user)
        wrong = tuple(problem for path in sorted(folder.glob("*.md")) for problem in check(read(path)))
    return BroughtIn(count, wrong)


def _unpack(data: bytes, folder: Path) -> None:
    """Write the ``.md`` files of a zip side by side into a folder, whatever folders they lie in there."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            names = [name for name in packed.namelist() if name.endswith(".md") and not name.endswith("README.md")]
            if not names:
                raise BadZipError("nothing")
            if len(names) > MOST_FILES:
                raise BadZipError("too_large")
            left = MOST_BYTES
            for name in names:
                with packed.open(name) as file:
                    text = file.read(left + 1)
                left -= len(text)
                if left < 0:
                    raise BadZipError("too_large")
                (folder / PurePosixPath(name).name).write_bytes(text)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise BadZipError("not_zip") from error
