"""Tell whether a reader says that they are under 18 themselves; the ways to say so live in `age.toml`.

A child of the reader ("my 14 year old"), another time ("when I was 15") and other numbers ("I'm 15 weeks pregnant")
are not meant. What is missed costs a notice and a youth line; nothing is refused because of an age.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from errors import OperatorError, read_toml

AGE_FILE = Path(__file__).with_name("age.toml")
_DIGITS = r"(?<![\d.,])(?:[6-9]|1[0-7])(?![\d%]|[.,]\d)"


class AgeError(OperatorError):
    """`age.toml` can't be used; the text names the file and what is wrong with it."""


class Ages:
    """The ways to give one's age, loaded once; safe to share between threads."""

    def __init__(self, path: Path = AGE_FILE) -> None:
        """Read the patterns.

        Raises:
            AgeError: the file is missing or malformed, or a pattern is none.
        """
        try:
            rules = read_toml(path, AgeError)
            parts = {name: text for name, text in rules.items() if isinstance(text, str)}
            parts["n"] = f"(?:{_DIGITS}|(?:{'|'.join(map(re.escape, rules['words']))})\\b)"
            said = [_fill(pattern, parts) for patterns in rules["says"].values() for pattern in patterns]
            self._says = [re.compile(pattern) for pattern in said]
            self._unless = [re.compile(pattern) for pattern in rules["unless"]["before"]]
        except re.error as error:
            raise AgeError(f"{path.name}: not a pattern: {error.pattern!r}: {error}") from error
        except (KeyError, AttributeError, TypeError) as error:
            raise AgeError(f"{path.name}: lacks or has wrong: {error}") from error

    def under_18(self, text: str) -> bool:
        """True when the writer of `text` says that they are under 18."""
        plain = _plain(text)
        found = (match for pattern in self._says for match in pattern.finditer(plain))
        return any(not self._excused(plain[: match.start()]) for match in found)

    def _excused(self, before: str) -> bool:
        return any(pattern.search(before) for pattern in self._unless)


def _fill(pattern: str, parts: dict[str, str]) -> str:
    for name, part in parts.items():
        pattern = pattern.replace(f"{{{name}}}", part)
    return pattern


def _plain(text: str) -> str:
    """Lower case, straight apostrophes, every script's digits as 0 to 9."""
    digits = "".join(str(unicodedata.digit(c)) if c.isdigit() and not c.isascii() else c for c in text)
    return re.sub("[’‘`´]", "'", digits).lower()
