"""The widget's words as the API hands them out."""

from __future__ import annotations

import tomllib

from settings import ROOT

PREFIX = "widget_"
INTERFACE = ROOT / "prompts" / "interface"
LANGUAGES = sorted(path.stem for path in INTERFACE.glob("*.toml"))


def own_words(language: str) -> dict[str, str]:
    """What this language's file itself holds, without the prefix."""
    texts = tomllib.loads((INTERFACE / f"{language}.toml").read_text(encoding="utf-8"))
    return {id.removeprefix(PREFIX): text for id, text in texts.items() if id.startswith(PREFIX)}


def widget_words(language: str) -> dict[str, str]:
    """The words of a language, English where it lacks one."""
    own = own_words(language) if language in LANGUAGES else {}
    return own_words("en") | own
