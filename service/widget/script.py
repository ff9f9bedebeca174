"""The widget's script as it is sent: ``widget.js`` with its look and the words for when the server can't be reached."""

from __future__ import annotations

import json
import re
from pathlib import Path

from safety.wording import Wording
from settings import Settings

FILE = Path(__file__).with_name("widget.js")
STYLE = FILE.with_suffix(".css")
WITHOUT_SERVER = ("title", "open", "close", "dead", "dead_help", "retry", "unavailable")
"""The words that must be there before, or without, an answer of the server; ids without ``widget_``."""
_PLACE = "const BUILT_IN = {};"
_PLACE_OF_STYLE = "const STYLE = ``;"
_COMMENTS = re.compile(r"^\s*(?://.*|/\*\*.*\*/)\n", re.MULTILINE)
_INDENTS = re.compile(r"^[ ]+", re.MULTILINE)


def script(settings: Settings) -> str:
    """``widget.js`` with ``widget.css`` and the words of every language, without indentation and comment lines.

    Raises:
        WordingError: a text is missing in ``prompts/interface/en.toml``.
    """
    words = {language: _words(settings, language) for language in _languages(settings.prompts_dir)}
    built_in = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    style = f"{_PLACE_OF_STYLE[:-2]}\n{STYLE.read_text(encoding='utf-8')}`;"
    before, after = FILE.read_text(encoding="utf-8").replace(_PLACE_OF_STYLE, style).split(_PLACE)
    return f"{_slim(before)}{_PLACE[:-3]}{built_in};{_slim(after)}"


def _slim(code: str) -> str:
    """Shorter, and still readable in a browser's tools."""
    return _INDENTS.sub("", _COMMENTS.sub("", code))


def _languages(prompts: Path) -> list[str]:
    return sorted(path.stem for path in (prompts / "interface").glob("*.toml"))


def _words(settings: Settings, language: str) -> dict[str, str]:
    wording = Wording(settings.prompts_dir, language)
    return {id: wording.interface(f"widget_{id}") for id in WITHOUT_SERVER}
