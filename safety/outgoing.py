"""The last check on every sentence before it is shown, whoever wrote it: a source, an FAQ entry, a model, a message.

`safety/wording.py` holds the reviewed words; this module is about all words that go out, hence its own name. Promises,
verdicts and doses are judged by a check that is passed in (`answer.verify` has it), so that there is one set of rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from errors import OperatorError, read_toml

OUTGOING = Path(__file__).with_name("outgoing.toml")

Further = Callable[[str], str]
"""Judges a sentence further: why it may not go out, or nothing."""


class OutgoingError(OperatorError):
    """`outgoing.toml` can't be used; the text names the file and what is wrong with it."""


class Outgoing:
    """The rules of one file, loaded once; safe to share between threads."""

    def __init__(self, path: Path = OUTGOING) -> None:
        """Read the rules.

        Raises:
            OutgoingError: the file is missing or malformed, or a pattern is none.
        """
        try:
            rules = read_toml(path, OutgoingError)
            self._stops = {name: _compiled(patterns) for name, patterns in rules["stops"].items()}
            self._choosing = _compiled(rules["choosing"]["patterns"])
            self._harm_sections = tuple(section.lower() for section in rules["harms"]["sections"])
            self._harm_words = re.compile(rules["harms"]["words"], re.IGNORECASE)
        except re.error as error:
            raise OutgoingError(f"{path.name}: not a pattern: {error.pattern!r}: {error}") from error
        except (KeyError, AttributeError, TypeError) as error:
            raise OutgoingError(f"{path.name}: lacks or has wrong: {error}") from error

    def stopped(self, sentence: str, further: Further | None = None) -> str:
        """Why a sentence may not go out ("names: “Spravato infusion”"); nothing when it may.

        `further` reads English only, so it is left out for a sentence in another language.
        """
        for name, patterns in self._stops.items():
            found = next(filter(None, (pattern.search(sentence) for pattern in patterns)), None)
            if found:
                return f"{name}: “{found[0].strip()}”"
        return further(sentence) if further else ""

    def is_choosing(self, question: str) -> bool:
        """True for a question about choosing: harms have to accompany benefits."""
        return any(pattern.search(question) for pattern in self._choosing)

    def tells_harm(self, sentence: str, section: str = "") -> bool:
        """True for a sentence about harms, by its own words or by the section of the source it stands in."""
        return self.is_about_harm(section) or bool(self._harm_words.search(sentence))

    def is_about_harm(self, section: str) -> bool:
        """True for a section of a source that tells of harms."""
        return section.lower().startswith(self._harm_sections)


def _compiled(patterns: Sequence[str]) -> list[re.Pattern[str]]:
    return [re.compile(pattern, re.IGNORECASE) for pattern in patterns]
