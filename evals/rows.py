"""Read question sets: JSON lines with the question and what a good answer must hold."""

import json
from pathlib import Path
from typing import Any

from errors import OperatorError


class BadRowsError(OperatorError):
    """A question file can't be used; the message names file and line."""


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON-lines file.

    Raises:
        BadRowsError: a line isn't a JSON object; the message names file and line.
    """
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise BadRowsError(f"{path}:{number}: not JSON: {error.msg}") from error
        if not isinstance(row, dict):
            raise BadRowsError(f"{path}:{number}: not a JSON object")
        rows.append(row)
    return rows
