"""The reviewed sentences a reader sees: messages for an outcome, notices beside an answer.

This module loads the words; `safety/outgoing.py` checks whatever goes out, these words included.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from errors import OperatorError, read_toml

FALLBACK_LANGUAGE = "en"
REASON = "why"
"""The field of a text that its `why` is put into."""


class WordingError(OperatorError):
    """A text or a field of it is missing; the error names the file to add it to."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One text. `why` is the sentence of it that rests on the literature; `claims` are the pins it rests on."""

    text: str
    why: str = ""
    claims: tuple[str, ...] = ()


class Wording:
    """The texts of one language, read from `messages/`, `notices/` and `interface/` under the prompts folder.

    A language without a file, or an id that a file lacks, falls back to English.
    """

    def __init__(self, folder: Path, language: str) -> None:
        self._folder, self._language = folder, language
        self._messages = _texts(folder / "messages", language)
        self._notices = _texts(folder / "notices", language)

    def message(self, id: str, *, reasoned: bool = True, **fields: str) -> str:
        """The message for an outcome, its `{fields}` filled in; its `why` is left out where `reasoned` is false."""
        why = self._messages[id].why if reasoned and id in self._messages else ""
        return _fill("messages", self._messages, id, {REASON: why, **fields})

    def claims(self, id: str) -> tuple[str, ...]:
        """The pins that a message's `why` rests on: "source-id#first words of the claim"."""
        return self._messages[id].claims if id in self._messages else ()

    def notice(self, id: str, **fields: str) -> str:
        """A sentence added to an answer, its `{fields}` filled in."""
        return _fill("notices", self._notices, id, fields)

    def interface(self, id: str, **fields: str) -> str:
        """A word or sentence of the pages, its `{fields}` filled in."""
        return _fill("interface", self._interface, id, fields)

    def reasons(self) -> Iterator[tuple[str, Reviewed]]:
        """(id, text) of the messages that give a reason from the literature."""
        yield from ((id, reviewed) for id, reviewed in self._messages.items() if reviewed.why or reviewed.claims)

    def reviewed(self) -> Iterator[tuple[str, str]]:
        """("messages/fr.toml: misuse", text) of all messages and notices, their fields open."""
        for kind, texts in (("messages", self._messages), ("notices", self._notices)):
            for id, reviewed in texts.items():
                yield f"{kind}/{self._language}.toml: {id}", " ".join((reviewed.text, reviewed.why)).strip()

    @cached_property
    def _interface(self) -> Mapping[str, Reviewed]:
        return _texts(self._folder / "interface", self._language)


def languages(folder: Path) -> list[str]:
    """The languages that the prompts folder has messages or notices in."""
    return sorted({path.stem for kind in ("messages", "notices") for path in (folder / kind).glob("*.toml")})


def _texts(folder: Path, language: str) -> Mapping[str, Reviewed]:
    english = _read(folder / f"{FALLBACK_LANGUAGE}.toml")
    own = folder / f"{language}.toml"
    if language == FALLBACK_LANGUAGE or not own.is_file():
        return english
    # The pins belong to the sentence, not to its language: a translation rests on those of the English text.
    pins = {id: english[id].claims for id in english}
    return english | {id: Reviewed(t.text, t.why, t.claims or pins.get(id, ())) for id, t in _read(own).items()}


def _read(path: Path) -> dict[str, Reviewed]:
    name = f"{path.parent.name}/{path.name}"
    content = read_toml(path, WordingError, name)
    return {id: _reviewed(f"{name}: {id}", value) for id, value in content.items()}


def _reviewed(place: str, value: object) -> Reviewed:
    """One entry of a file: a text, or a table of text, why and claims."""
    table = value if isinstance(value, dict) else {"text": value}
    if unknown := table.keys() - {"text", "why", "claims"}:
        raise WordingError(f"{place}.{min(unknown)}: unknown; a text may have text, why and claims")
    text, why, claims = table.get("text"), table.get("why", ""), table.get("claims", [])
    if not isinstance(text, str) or not text.strip():
        raise WordingError(f"{place}: must be a text")
    if not isinstance(why, str) or bool(why.strip()) != (f"{{{REASON}}}" in text):
        raise WordingError(f"{place}.why: must be a text where the message has {{why}}, and only there")
    if not isinstance(claims, list) or not all(isinstance(pin, str) and "#" in pin for pin in claims):
        raise WordingError(f"{place}.claims: must be a list of pins, each source-id#first words of the claim")
    return Reviewed(text.strip(), why.strip(), tuple(claims))


def _fill(kind: str, texts: Mapping[str, Reviewed], id: str, fields: Mapping[str, str]) -> str:
    if id not in texts:
        raise WordingError(f"no text named {id!r}: add it to {kind}/{FALLBACK_LANGUAGE}.toml")
    text = texts[id].text
    needed = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    if missing := needed - fields.keys():
        raise WordingError(f"{kind} {id!r} needs {', '.join(sorted(missing))}")
    filled = text.format_map(fields)
    return filled if fields.get(REASON, "-") else " ".join(filled.split())
