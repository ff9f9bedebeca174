"""What a website's widget is told at its start."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from safety.wording import FALLBACK_LANGUAGE
from service.context import Context
from service.models import SiteView
from settings import Site

PREFIX = "widget_"


def site_view(context: Context, site: Site, base_url: str, language: str | None = None) -> SiteView:
    """A site's public settings.

    Args:
        context: what the routes share.
        site: the site.
        base_url: the server as this request reached it; the setting ``public_url`` comes first.
        language: the language its page asks for, before the site's own.
    """
    settings = context.settings
    country, language = site.country or settings.country, language or site.language or settings.language
    return SiteView(
        id=site.id,
        country=country,
        language=language,
        greeting=site.greeting,
        theme=site.theme,
        suggestions=context.engine.suggestions() if context.engine else [],
        clinic_name=settings.clinic_name,
        clinic_contact=settings.clinic_contact,
        automated_notice=context.wording(language).interface("first_line", clinic=settings.clinic_name),
        privacy_url=f"{(settings.public_url or _origin(base_url)).rstrip('/')}/privacy",
        keeps_questions=context.keeps_questions,
        help=context.help_for(country),
        words=widget_words(settings.prompts_dir, language),
    )


@lru_cache(maxsize=32)
def widget_words(prompts: Path, language: str) -> dict[str, str]:
    """The interface texts whose ids begin with ``widget_``, without the prefix; English where a language lacks one."""
    words: dict[str, str] = {}
    for name in (FALLBACK_LANGUAGE, language):
        path = prompts / "interface" / f"{name}.toml"
        if path.is_file():
            words |= tomllib.loads(path.read_text(encoding="utf-8"))
    return {id.removeprefix(PREFIX): text for id, text in words.items() if id.startswith(PREFIX)}


def _origin(base_url: str) -> str:
    """Scheme and host of an address."""
    return "/".join(base_url.split("/")[:3])
