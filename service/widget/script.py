"""The widget's script as it is sent: ``widget.js`` with the few words it needs when the server can't be reached."""

from __future__ import annotations

import json
from pathlib import Path

from safety.wording import FALLBACK_LANGUAGE, Wording
from settings import Settings

FILE = Path(__file__).with_name("widget.js")
WITHOUT_SERVER = ("title", "open", "close", "dead", "dead_help", "retry", "unavailable")
"""The words that must be there before, or without, an answer of the server; ids without ``widget_``."""
_PLACE = "const BUILT_IN = {};"


def script(settings: Settings) -> str:
    """``widget.js`` with the words of English and of every language that a site speaks.

    Raises:
        WordingError: a text is missing in ``prompts/interface/en.toml``.
    """
    words = {language: _words(settings, language) for language in _languages(settings)}
    built_in = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    before, after = FILE.read_text(encoding="utf-8").split(_PLACE)
    return f"{before}{_PLACE[:-3]}{built_in};{after}"


def _languages(settings: Settings) -> list[str]:
    """English, the settings' language, and those of the sites."""
    sites = getattr(settings, "sites", ())
    spoken = [FALLBACK_LANGUAGE, settings.language, *(getattr(site, "language", None) for site in sites)]
    return list(dict.fromkeys(language for language in spoken if language))


def _words(settings: Settings, language: str) -> dict[str, str]:
    wording = Wording(settings.prompts_dir, language)
    return {id: wording.interface(f"widget_{id}") for id in WITHOUT_SERVER}
