"""What a chat model is told: one file below ``prompts/model``, cut at a line ``---``.

Above the line stand the instructions, below it the message with its fields. What fills a field that readers or sources
wrote goes through ``as_data`` first, so that it can't end the data in which it stands.
"""

from __future__ import annotations

from pathlib import Path

from safety.wording import WordingError

CUT = "\n---\n"
# What could end the data in a prompt, or pass for a mark in it.
_AS_DATA = str.maketrans("<>[]", "‹›()")


class Instructions:
    """The instructions of one file; ``system`` is the part above the line."""

    def __init__(self, path: Path, fields: tuple[str, ...], others: tuple[str, ...] = ()) -> None:
        """Read a file.

        Args:
            path: the file.
            fields: the message has to have these.
            others: the message may have these.

        Raises:
            WordingError: the file is missing, or a field of it; or it has one that nothing fills.
        """
        name = f"{path.parent.name}/{path.name}"
        try:
            system, _, self._message = path.read_text(encoding="utf-8").partition(CUT)
            filled = self._message.format(**{field: f"<{field}>" for field in (*fields, *others)})
        except (OSError, UnicodeDecodeError, LookupError, ValueError) as error:
            raise WordingError(f"{name}: can't be used: {error}") from error
        if any(f"<{field}>" not in filled for field in fields):
            needed = " and ".join(f"{{{field}}}" for field in fields)
            raise WordingError(f"{name}: needs {needed} behind a line ---")
        self.system = system.strip()

    def message(self, **fields: str | int) -> str:
        """The message with its fields filled in."""
        return self._message.format(**fields).strip()


def as_data(text: str) -> str:
    """A text that readers or sources wrote, on one line, without what could end the data in a prompt."""
    return " ".join(text.translate(_AS_DATA).split())
