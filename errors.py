"""The base of all errors that whoever runs the assistant can mend, and how a table file's mistakes are told."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError


class OperatorError(Exception):
    """Something is missing or wrong outside the code; the message is a line or two that says where and what to do."""


def read_toml(path: Path, unusable: type[OperatorError], name: str = "") -> dict[str, Any]:
    """What a TOML file holds.

    Args:
        path: the file.
        unusable: raised when it can't be read or isn't TOML; the message says which.
        name: how messages call it; its file name when empty.
    """
    name = name or path.name
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise unusable(f"{name}: can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise unusable(f"{name}: not valid TOML: {error}") from error


def first_mistake(error: ValidationError) -> str:
    """The first field that doesn't fit, and why: "countries.US.emergency: Field required"."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
