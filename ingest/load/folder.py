"""Read the documents of a folder. A file that can't be used becomes a ``Problem``; it never stops the others."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ingest.clean import clean
from ingest.load.extract import UnusableFileError
from ingest.load.formats import SUFFIXES, format_of, read_file
from ingest.load.markdown import parse_matter, split_blocks
from ingest.questions import load_questions
from ingest.schema import Problem, Source, SourceMeta
from ingest.seen import Seen, stamp
from ingest.suspect import inspect, refused

_PLACEHOLDER = re.compile(r"\[[^\]]+\](?!\()")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(slots=True)
class Loaded:
    """What a folder held.

    ``sources`` were read; ``unread`` weren't, since their files are as they were (source id → file); ``stamps`` are of
    files without a problem that were read (source id → file); ``skipped`` were left out on purpose (path → reason).
    """

    sources: list[Source] = field(default_factory=list)
    unread: dict[str, Seen] = field(default_factory=dict)
    stamps: dict[str, tuple[Path, str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    skipped: dict[Path, str] = field(default_factory=dict)
    owners: dict[str, Path] = field(default_factory=dict)

    def read(self, path: Path) -> None:
        """Add what one file holds."""
        mark = _stamp(path)
        try:
            source = load_file(path)
        except UnusableFileError as error:
            self.problems.append(error.problem)
            return
        meta = source.meta
        if not meta.filled_in:
            self.skipped[path] = "a template that the clinic hasn't filled in yet"
            return
        taken = next((name for name in (meta.id, *meta.aliases) if self.owners.get(name, path) != path), None)
        if taken:
            self.problems.append(Problem(path, f"'{taken}' is already the id of {self.owners[taken]}", field="id"))
            return
        problems = [*source.suspicious, *_attach_questions(source, path)]
        self.owners |= dict.fromkeys((meta.id, *meta.aliases), path)
        self.sources.append(source)
        self.problems.extend(problems)
        if mark and not problems:
            self.stamps[meta.id] = (path, mark)

    def leave(self, path: Path, known: Seen) -> bool:
        """Note that a file is as an earlier ingest has read it; False when it isn't."""
        if known.stamp != _stamp(path) or not self.owners.keys().isdisjoint(known.names):
            return False
        self.unread[known.names[0]] = known
        self.owners |= dict.fromkeys(known.names, path)
        return True


def load(paths: Iterable[Path], seen: Mapping[Path, Seen] | None = None) -> Loaded:
    """Read all documents below ``paths`` (folders or files), in a stable order.

    A folder named ``questions`` beside ``literature`` holds retrieval keys, not documents, and is left out.
    Two files with one id: the first in path order is kept, the second is a problem.

    Args:
        paths: where to look.
        seen: files that an earlier ingest read; those that are as they were aren't read again.
    """
    result = Loaded()
    for path in _documents(paths):
        known = seen.get(path) if seen else None
        if known is None or not result.leave(path, known):
            result.read(path)
    return result


def load_file(path: Path) -> Source:
    """Read one document.

    Raises:
        UnusableFileError: missing, unreadable, empty, binary, too large, or with bad front matter.
    """
    data, extract = read_file(path)
    matter, body_line = extract.matter, extract.first_line
    if matter and (problem := refused(path, matter, first_line=2)):
        raise UnusableFileError(problem)
    meta = (
        parse_matter(path, matter, SourceMeta)
        if matter is not None
        else SourceMeta.model_validate(_meta_without_matter(path, extract.title))
    )
    kept, found = inspect(path, extract.body, body_line, meta)
    body = clean(kept)
    heading, blocks = split_blocks(body)
    if format_of(path).paged:  # its lines are those of the text we made of it
        found = [replace(problem, line=None) for problem in found]
    suspicious = [*(problem for problem in extract.problems if problem.suspicious), *found]
    if not blocks:
        nothing = Problem(path, "holds no text below its front matter", line=body_line)
        raise UnusableFileError(suspicious[0] if suspicious else nothing)
    if meta.kind == "clinic-information" and meta.filled_in:
        _refuse_placeholders(path, body, body_line)
    if matter is None and heading:
        meta = meta.model_copy(update={"title": heading[:600]})
    told = "".join(problem.message for problem in suspicious if problem.fatal)
    digest = hashlib.sha256(data + told.encode()).hexdigest()
    return Source(meta, heading or meta.title, tuple(blocks), digest, suspicious=tuple(suspicious))


def _refuse_placeholders(path: Path, body: str, first_line: int) -> None:
    """A clinic's fact with a "[price]" left in it must not reach a visitor."""
    for number, line in enumerate(body.split("\n")):
        left = _PLACEHOLDER.search(line)
        if left:
            raise UnusableFileError(Problem(path, f"{left[0]} isn't filled in yet", line=first_line + number))


def _documents(paths: Iterable[Path]) -> list[Path]:
    """Files to read, each once, in path order inside each of ``paths``."""
    found: dict[Path, None] = {}
    for path in paths:
        found |= dict.fromkeys(sorted(_inside(path)) if path.is_dir() else [path.absolute()])
    return list(found)


def _inside(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder.absolute()):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and name != "README.md" and name.lower().endswith(SUFFIXES):
                yield Path(place, name)


def _questions_file(path: Path) -> Path | None:
    """Where the questions of a document's claims lie, if it is one of a corpus."""
    return path.parent.parent / "questions" / f"{path.stem}.jsonl" if path.parent.name == "literature" else None


def _stamp(path: Path) -> str:
    return stamp(path, _questions_file(path))


def _meta_without_matter(path: Path, title: str) -> dict[str, Any]:
    name = _UNSAFE.sub("-", path.stem).strip("-._")[:120] or "document"
    title = (title or re.sub(r"[-_]+", " ", path.stem)).strip()[:600] or name
    return {"id": name, "title": title, "provenance": "source-text"}


def _attach_questions(source: Source, path: Path) -> list[Problem]:
    file = _questions_file(path)
    if file is None or not file.exists():
        return []
    claims = [block.text for block in source.blocks if block.kind == "claim"]
    beside = load_questions(file, claims)
    source.questions.update(beside.questions)
    source.plain.update(beside.plain)
    return beside.problems
