"""Markdown: front matter, headings, bullets and paragraphs. Plain text is Markdown without marks."""

import re
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from ingest.load.extract import Extract, UnusableFileError
from ingest.load.text import decoded
from ingest.schema import Block, Problem

M = TypeVar("M", bound=BaseModel)
_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?\n?", re.DOTALL | re.MULTILINE)
_OPENED = re.compile(r"\A---[ \t]*\r?\n")
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_BULLET = re.compile(r"^[-*+]\s+(.+)$")


def read_markdown(path: Path, data: bytes) -> Extract:
    """The front matter and the text of a Markdown or text file, as one page."""
    matter, body, first_line = split_front_matter(decoded(path, data))
    return Extract((body,), matter, first_line)


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


def split_blocks(body: str) -> tuple[str, list[Block]]:
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
