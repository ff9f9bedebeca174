"""Read documents from a folder: Markdown with or without front matter, plain text, HTML.

A file that can't be used becomes a ``Problem`` with file, line and field; it never stops the others.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import trafilatura
import yaml
from pydantic import BaseModel, ValidationError

from ingest.clean import clean
from ingest.questions import load_questions
from ingest.schema import Block, Problem, Source, SourceMeta
from ingest.seen import Seen, stamp
from ingest.suspect import inspect, refused, without_hidden

M = TypeVar("M", bound=BaseModel)
SUFFIXES = (".md", ".markdown", ".txt", ".html", ".htm")
MAX_BYTES = 5_000_000
_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?\n?", re.DOTALL | re.MULTILINE)
_OPENED = re.compile(r"\A---[ \t]*\r?\n")
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_BULLET = re.compile(r"^[-*+]\s+(.+)$")
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


class UnusableFileError(Exception):
    """A document can't be read; carries the ``Problem`` to report."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


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
    raw = read_text(path)
    matter, body, body_line = split_front_matter(raw)
    if matter and (problem := refused(path, matter, first_line=2)):
        raise UnusableFileError(problem)
    hidden: list[Problem] = []
    if path.suffix.lower() in (".html", ".htm"):
        body, hidden = _html_text(path, body, body_line)
    meta = (
        parse_matter(path, matter, SourceMeta)
        if matter is not None
        else SourceMeta.model_validate(_meta_without_matter(path))
    )
    kept, suspicious = inspect(path, body, body_line, meta)
    body = clean(kept)
    heading, blocks = _split_blocks(body)
    suspicious = [*hidden, *suspicious]
    if not blocks:
        nothing = Problem(path, "holds no text below its front matter", line=body_line)
        raise UnusableFileError(suspicious[0] if suspicious else nothing)
    if meta.kind == "clinic-information" and meta.filled_in:
        _refuse_placeholders(path, body, body_line)
    if matter is None and heading:
        meta = meta.model_copy(update={"title": heading[:600]})
    held = raw + "".join(problem.message for problem in suspicious if problem.fatal)
    digest = hashlib.sha256(held.encode()).hexdigest()
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


def read_text(path: Path) -> str:
    """A file's text.

    Raises:
        UnusableFileError: missing, unreadable, empty, binary, too large, or not UTF-8.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UnusableFileError(Problem(path, f"is larger than {MAX_BYTES // 1_000_000} MB; split it"))
        data = path.read_bytes()
    except OSError as error:
        raise UnusableFileError(Problem(path, f"can't be read: {error.strerror}")) from error
    if b"\0" in data[:8192]:
        raise UnusableFileError(Problem(path, "is a binary file, not text"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UnusableFileError(Problem(path, "is not UTF-8 text; save it as UTF-8", line=line)) from error
    if not text.strip():
        raise UnusableFileError(Problem(path, "is empty"))
    return text


def split_front_matter(text: str) -> tuple[str | None, str, int]:
    """(front matter or None, body, first line of the body)."""
    match = _FRONT_MATTER.match(text)
    if match:
        return match[1], text[match.end() :], text[: match.end()].count("\n") + 1
    return ("", "", 1) if _OPENED.match(text) else (None, text, 1)


def parse_matter(path: Path, matter: str, model: type[M]) -> M:
    """The fields between the lines of '---', as ``model`` describes them; ``id`` is the file's name when left out.

    Raises:
        UnusableFileError: not YAML, or a field doesn't fit; the problem names line and field.
    """
    try:
        node = yaml.compose(matter, Loader=yaml.CSafeLoader)
        data: Any = yaml.load(matter, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # no such date; brackets nested too deep
        mark = getattr(error, "problem_mark", None)
        message = f"front matter is not YAML: {getattr(error, 'problem', error)}"
        raise UnusableFileError(Problem(path, message, line=mark.line + 2 if mark else 2)) from error
    if not isinstance(data, dict) or not isinstance(node, yaml.MappingNode):
        raise UnusableFileError(
            Problem(path, "front matter must be lines of 'field: value' between two lines of '---'", line=1)
        )
    lines = {key.value: key.start_mark.line + 2 for key, _ in node.value}
    try:
        return model.model_validate({"id": path.stem, **data})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        message = "is not a known field" if first["type"] == "extra_forbidden" else first["msg"]
        raise UnusableFileError(Problem(path, message, line=lines.get(name, 1), field=name)) from error


def _meta_without_matter(path: Path) -> dict[str, Any]:
    name = _UNSAFE.sub("-", path.stem).strip("-._")[:120] or "document"
    title = re.sub(r"[-_]+", " ", path.stem).strip()[:600] or name
    return {"id": name, "title": title, "provenance": "source-text"}


def _html_text(path: Path, html: str, first_line: int) -> tuple[str, list[Problem]]:
    """A page's readable text, without its scripts and comments, and a report of elements that its styles hide."""
    shown, lines = without_hidden(html)
    text = trafilatura.extract(shown, output_format="markdown", include_tables=True, favor_recall=True)
    if not text:
        raise UnusableFileError(Problem(path, "no readable text was found in this HTML page"))
    message = "suspicious: text that is hidden by its style (not indexed)"
    return str(text), [Problem(path, message, line=first_line + line - 1, suspicious=True) for line in lines]


def _split_blocks(body: str) -> tuple[str, list[Block]]:
    """The document's main heading and its blocks in order; wrapped lines of a paragraph or bullet are joined."""
    heading, section = "", ""
    blocks: list[Block] = []
    pending: list[str] = []
    kind = "prose"

    def close() -> None:
        if pending:
            blocks.append(Block("claim" if kind == "claim" else "prose", section, " ".join(pending)))
            pending.clear()

    for line in body.split("\n"):
        title, bullet = _HEADING.match(line), _BULLET.match(line)
        if title:
            close()
            if len(title[1]) == 1 and not heading and not blocks:
                heading = title[2]
            else:
                section = title[2]
        elif bullet:
            close()
            kind = "claim"
            pending.append(bullet[1])
        elif line:
            kind = kind if pending else "prose"
            pending.append(line)
        else:
            close()
    close()
    return heading, blocks


def _attach_questions(source: Source, path: Path) -> list[Problem]:
    file = _questions_file(path)
    if file is None or not file.exists():
        return []
    claims = [block.text for block in source.blocks if block.kind == "claim"]
    beside = load_questions(file, claims)
    source.questions.update(beside.questions)
    source.plain.update(beside.plain)
    return beside.problems
