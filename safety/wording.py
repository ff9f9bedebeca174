"""The reviewed sentences a reader sees: messages for an outcome, notices beside an answer."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from errors import OperatorError

FALLBACK_LANGUAGE = "en"


class WordingError(OperatorError):
    """A text or a field of it is missing; the error names the file to add it to."""


class Wording:
    """The texts of one language, read from `messages/`, `notices/` and `interface/` under the prompts folder.

    A language without a file, or an id that a file lacks, falls back to English.
    """

    def __init__(self, folder: Path, language: str) -> None:
        self._folder, self._language = folder, language
        self._messages = _texts(folder / "messages", language)
        self._notices = _texts(folder / "notices", language)

    def message(self, id: str, **fields: str) -> str:
        """The message for an outcome, its `{fields}` filled in."""
        return _fill("messages", self._messages, id, fields)

    def notice(self, id: str, **fields: str) -> str:
        """A sentence added to an answer, its `{fields}` filled in."""
        return _fill("notices", self._notices, id, fields)

    def interface(self, id: str, **fields: str) -> str:
        """A word or sentence of the pages, its `{fields}` filled in."""
        return _fill("interface", self._interface, id, fields)

    @cached_property
    def _interface(self) -> Mapping[str, str]:
        return _texts(self._folder / "interface", self._language)


def _texts(folder: Path, language: str) -> Mapping[str, str]:
    texts = _read(folder / f"{FALLBACK_LANGUAGE}.toml")
    own = folder / f"{language}.toml"
    return texts | _read(own) if own.is_file() else texts


def _read(path: Path) -> dict[str, str]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WordingError(f"{path.parent.name}/{path.name}: can't be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise WordingError(f"{path.parent.name}/{path.name}: not valid TOML: {error}") from error
    for id, text in content.items():
        if not isinstance(text, str) or not text.strip():
            raise WordingError(f"{path.parent.name}/{path.name}: {id}: must be a text")
    return {id: text.strip() for id, text in content.items()}


def _fill(kind: str, texts: Mapping[str, str], id: str, fields: Mapping[str, str]) -> str:
    if id not in texts:
        raise WordingError(f"no text named {id!r}: add it to {kind}/{FALLBACK_LANGUAGE}.toml")
    needed = {name for _, name, _, _ in string.Formatter().parse(texts[id]) if name}
    if missing := needed - fields.keys():
        raise WordingError(f"{kind} {id!r} needs {', '.join(sorted(missing))}")
    return texts[id].format_map(fields)
