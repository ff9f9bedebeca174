"""Which files the last ingest read, and how they were: what is as it was needn't be read again.

Only a hint, kept beside the index: a source is left unread when the index holds it with the digest noted here, and is
read otherwise. Deleting the file costs time, nothing else.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

# A file saved again within this time could keep its size and, on a coarse clock, its time of change.
SETTLED_NS = 2_000_000_000


class Seen(NamedTuple):
    """One file: its path, how it was (``stamp``), the source's id and aliases, and the digest the index knows it by."""

    path: Path
    stamp: str
    names: tuple[str, ...]
    digest: str


def stamp(*paths: Path | None) -> str:
    """Sizes and times of change of files, a missing one included; empty while a change may be too fresh to tell."""
    marks = []
    for path in paths:
        try:
            found = path.stat() if path else None
        except OSError:
            found = None
        if found and time.time_ns() - found.st_mtime_ns < SETTLED_NS:
            return ""
        marks.append(f"{found.st_size}.{found.st_mtime_ns}" if found else "-")
    return " ".join(marks)


def read_seen(file: Path) -> dict[Path, Seen]:
    """What ``write_seen`` noted; nothing when the file is missing, damaged, or written by other code."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if data["code"] != _code():
            return {}
        rows = ((Path(path), mark, names, digest) for path, mark, names, digest in data["files"])
        return {path: Seen(path, mark, tuple(names), digest) for path, mark, names, digest in rows}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write_seen(file: Path, files: Mapping[str, Seen]) -> None:
    """Note the files of an index's sources (source id → file)."""
    rows = [[str(seen.path), seen.stamp, seen.names, seen.digest] for seen in files.values()]
    file.write_text(json.dumps({"code": _code(), "files": rows}), encoding="utf-8")


@cache
def _code() -> str:
    """Digest of the code and rules that read documents: a new version reads them all again."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.suffix not in (".py", ".toml"):
            continue
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
