"""The privacy page: what is kept and who receives what, as the settings in force have it; words from ``prompts/``."""

from __future__ import annotations

from html import escape

from answer.company import company, receiver
from service.context import Context

STYLE = (
    "body{font:1.05rem/1.6 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;color:#2b2926;"
    "background:#fbf8f3}h1,h2{font-family:Georgia,serif;line-height:1.25}h2{font-size:1.2rem;margin-top:2rem}"
    "@media(prefers-color-scheme:dark){body{color:#ede7dd;background:#1b1a18}}"
)


def privacy_page(context: Context) -> str:
    """The page as HTML; everything in it is escaped."""
    wording, settings = context.wording(), context.settings
    name = company(settings, wording)
    days = str(settings.retention_days)
    fields = {"clinic": settings.clinic_name, "contact": settings.clinic_contact, "days": days}

    def text(id: str, **more: str) -> str:
        return escape(wording.interface(f"privacy_{id}", **fields, **more))

    parts = [f"<h1>{text('title')}</h1>", f"<p>{text('intro')}</p>"]
    for heading, ids in _sections(context).items():
        parts.append(f"<h2>{text(heading)}</h2>")
        parts += [f"<p>{text(id, company=name)}</p>" for id in ids]
    return (
        f'<!doctype html><html lang="{settings.language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{text("title")}</title>'
        f"<style>{STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>"
    )


def _sections(context: Context) -> dict[str, list[str]]:
    """Headings, and what is true of this server below each."""
    settings = context.settings
    uses_model = bool(context.engine and context.engine.uses_model)
    model = ["model_none"] if not uses_model else ["model_hosted" if receiver(settings) else "model_own"]
    counted = "limits_shared" if settings.rate_storage != "memory://" else "limits"
    agreed = _agreed_to(context)
    return {
        "asked": ["asked_memory_agreed" if agreed else "asked_memory", "asked_widget", "asked_crisis"],
        "model": model,
        "kept": [
            *("log", counted),
            *(["counts"] if context.recorder else []),
            "votes_text" if settings.keep_feedback_text else "votes",
            *agreed,
            "cookies",
        ],
        "who": ["contact"],
    }


def _agreed_to(context: Context) -> list[str]:
    """What is kept of questions when a reader agrees."""
    if context.recorder is None:
        return []
    offered = {"questions": context.keeps_questions, "tickets": context.settings.ask_clinic}
    return [id for id, holds in offered.items() if holds]
