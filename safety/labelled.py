"""Labelled messages: what the classifier learns from, and what the triage is measured on.

One JSON object a line: ``text``, ``label``, ``family`` (the seed a message was written from), and where they apply
``history`` (earlier turns of the reader, oldest first), ``lang``, ``author``, ``note``,
``pii`` (identifiers in the text). A note that starts with ``[also:LABEL]`` makes a second outcome acceptable.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from errors import OperatorError

Label = Literal["ordinary", "crisis", "emergency", "misuse", "injection", "abuse", "off_topic", "medical_advice"]
LABELS: tuple[Label, ...] = get_args(Label)
"""The classes of the classifier, in the order of its outputs."""

_ALSO = re.compile(r"\[also:(\w+)\]")


class LabelledError(OperatorError):
    """A line of labelled messages can't be used; the text names file, line and field."""


class Labelled(BaseModel):
    """One message with the label that a careful reader gave it."""

    model_config = ConfigDict(frozen=True)

    id: str = ""
    text: str = Field(min_length=1)
    label: Label | Literal["privacy"]
    lang: str = "en"
    family: str = ""
    author: str = ""
    note: str = ""
    history: tuple[str, ...] = ()
    pii: tuple[str, ...] = ()

    @property
    def learnt(self) -> Label:
        """The class to learn: a message with identifiers is an ordinary question."""
        return "ordinary" if self.label == "privacy" else self.label

    @property
    def also(self) -> str:
        """The second label that is acceptable too, or nothing."""
        found = _ALSO.match(self.note)
        return found[1] if found else ""


def read_labelled(paths: Sequence[Path]) -> list[Labelled]:
    """Read labelled messages, file after file.

    Raises:
        LabelledError: a file can't be read, or a line lacks a field or has a wrong one.
    """
    return [row for path in paths for row in _rows(path)]


def _rows(path: Path) -> Iterator[Labelled]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise LabelledError(f"{path}: can't be read: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield Labelled.model_validate(json.loads(line))
        except json.JSONDecodeError as error:
            raise LabelledError(f"{path}, line {number}: not JSON: {error.msg}") from error
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            raise LabelledError(f"{path}, line {number}: {name}: {first['msg']}") from error
