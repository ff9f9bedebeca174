"""Read documents from a folder: Markdown with or without front matter, plain text, HTML.

A file that can't be used becomes a ``Problem`` with file, line and field; it never stops the others.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trafilatura
import yaml
from pydantic import ValidationError

from ingest.clean import clean
from ingest.questions import load_questions
from ingest.schema import Block, Problem, Source, SourceMeta

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
    """What a folder held: usable sources, problems, and files skipped on purpose (path → reason)."""

    sources: list[Source] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    skipped: dict[Path, str] = field(default_factory=dict)


class UnusableFileError(Exception):
    """A document can't be read; carries the ``Problem`` to report."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def load(paths: Iterable[Path]) -> Loaded:
    """Read all documents below ``paths`` (folders or files), in a stable order.

    A folder named ``questions`` beside ``literature`` holds retrieval keys, not documents, and is left out.
    Two files with one id: the first in path order is kept, the second is a problem.
    """
    result = Loaded()
    owners: dict[str, Path] = {}
    for path in _documents(paths):
        try:
            source = load_file(path)
        except UnusableFileError as error:
            result.problems.append(error.problem)
            continue
        if not source.meta.filled_in:
            result.skipped[path] = "a template that the clinic hasn't filled in yet"
            continue
        taken = next((name for name in (source.meta.id, *source.meta.aliases) if name in owners), None)
        if taken:
            result.problems.append(Problem(path, f"'{taken}' is already the id of {owners[taken]}", field="id"))
            continue
        owners |= dict.fromkeys((source.meta.id, *source.meta.aliases), path)
        result.sources.append(source)
        result.problems.extend(_attach_questions(source, path))
    return result


def load_file(path: Path) -> Source:
    """Read one document.

    Raises:
        UnusableFileError: missing, unreadable, empty, binary, too large, or with bad front matter.
    """
    raw = _read(path)
    matter, body, body_line = _split_front_matter(raw)
    if path.suffix.lower() in (".html", ".htm"):
        body = _html_text(path, body)
    meta = _parse_meta(path, matter) if matter is not None else SourceMeta.model_validate(_meta_without_matter(path))
    body = clean(body)
    heading, blocks = _split_blocks(body)
    if not blocks:
        raise UnusableFileError(Problem(path, "holds no text below its front matter", line=body_line))
    if meta.kind == "clinic-information" and meta.filled_in:
        _refuse_placeholders(path, body, body_line)
    if matter is None and heading:
        meta = meta.model_copy(update={"title": heading[:600]})
    return Source(meta, heading or meta.title, tuple(blocks), hashlib.sha256(raw.encode()).hexdigest())


def _refuse_placeholders(path: Path, body: str, first_line: int) -> None:
    """A clinic's fact with a "[price]" left in it must not reach a visitor."""
    for number, line in enumerate(body.split("\n")):
        left = _PLACEHOLDER.search(line)
        if left:
            raise UnusableFileError(Problem(path, f"{left[0]} isn't filled in yet", line=first_line + number))


def _documents(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
            found += [p for p in inside if not _is_hidden(p.relative_to(path))]
        else:
            found.append(path)
    return list({path.resolve(): path for path in found}.values())


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts) or path.name == "README.md"


def _read(path: Path) -> str:
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


def _split_front_matter(text: str) -> tuple[str | None, str, int]:
    """(front matter or None, body, first line of the body)."""
    match = _FRONT_MATTER.match(text)
    if match:
        return match[1], text[match.end() :], text[: match.end()].count("\n") + 1
    return ("", "", 1) if _OPENED.match(text) else (None, text, 1)


def _parse_meta(path: Path, matter: str) -> SourceMeta:
    try:
        node = yaml.compose(matter, Loader=yaml.SafeLoader)
        data: Any = yaml.safe_load(matter)
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
        return SourceMeta.model_validate({"id": path.stem, **data})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        message = "is not a known field" if first["type"] == "extra_forbidden" else first["msg"]
        raise UnusableFileError(Problem(path, message, line=lines.get(name, 1), field=name)) from error


def _meta_without_matter(path: Path) -> dict[str, Any]:
    name = _UNSAFE.sub("-", path.stem).strip("-._")[:120] or "document"
    title = re.sub(r"[-_]+", " ", path.stem).strip()[:600] or name
    return {"id": name, "title": title, "provenance": "source-text"}


def _html_text(path: Path, html: str) -> str:
    text = trafilatura.extract(html, output_format="markdown", include_tables=True, favor_recall=True)
    if not text:
        raise UnusableFileError(Problem(path, "no readable text was found in this HTML page"))
    return str(text)


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
    file = path.parent.parent / "questions" / f"{source.meta.id}.jsonl"
    if path.parent.name != "literature" or not file.exists():
        return []
    claims = [block.text for block in source.blocks if block.kind == "claim"]
    found, problems = load_questions(file, claims)
    source.questions.update(found)
    return problems
