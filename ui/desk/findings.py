"""Findings of the claim audit as HTML, each with its label in words, a sign and a colour, and as files to save."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import get_args

from answer.audit import FLAGGED, Finding, Label
from answer.say import SourceView
from answer.schema import Citation
from ui.cards import Back, card
from ui.words import Words, escape, sanitised

LABELS: tuple[Label, ...] = get_args(Label)
SIGNS: dict[Label, str] = {
    "supported": "✓",
    "overstated": "!",
    "contradicted": "✕",
    "not_covered": "?",
    "not_a_claim": "–",
}
FindSource = Callable[[str], SourceView | None]


def in_words(findings: Sequence[Finding], words: Words) -> str:
    """One sentence: how many were checked and how many are flagged."""
    flagged = sum(finding.label in FLAGGED for finding in findings)
    id = "audit_done_one" if len(findings) == 1 else "audit_done"
    return words.text(id, total=f"{len(findings):,}", flagged=f"{flagged:,}")


def counts_html(findings: Iterable[Finding], words: Words) -> str:
    """How many sentences have which label, and what each label means."""
    counts = Counter(finding.label for finding in findings)
    items = "".join(
        f'<li class="ka-label-{label}"><strong>{counts[label]}</strong>{_badge(label, words)}'
        f"<span>{words.html(f'audit_means_{label}')}</span></li>"
        for label in LABELS
    )
    return sanitised(f'<ul class="ka-counts" aria-label="{words.html("audit_counts")}">{items}</ul>')


def finding_html(number: int, finding: Finding, words: Words, find: FindSource, *, in_library: bool) -> str:
    """A sentence with its label, why, what to say instead, and the closest words of the sources as cards to unfold."""
    reason = f'<p class="ka-small">{words.html("audit_reason", reason=finding.reason)}</p>' if finding.reason else ""
    cards = "".join(
        card(citation, words, f"f{number}-c{citation.number}", Back(f"f{number}", "audit_back"), in_library=in_library)
        for citation in closest(finding, find)
    )
    unfold = (
        f'<details class="ka-sources"><summary>{words.html("audit_closest", count=str(len(finding.closest)))}</summary>'
        f'<ol class="ka-cards">{cards}</ol></details>'
        if cards
        else ""
    )
    return sanitised(
        f'<section class="ka-finding ka-label-{finding.label}" id="f{number}" tabindex="-1">'
        f'<p>{_badge(finding.label, words)}</p><p class="ka-finding-text">{escape(finding.text)}</p>'
        f"{reason}{_instead(finding, words, find)}{unfold}</section>"
    )


def closest(finding: Finding, find: FindSource) -> list[Citation]:
    """The closest words as citations; a source that has been withdrawn since is left out."""
    found: list[Citation] = []
    for near in finding.closest:
        view = find(near.source_id)
        if view is None:
            continue
        section = next((claim.section for claim in view.claims if claim.id == near.passage_id), "")
        known = view.meta.model_dump(include=set(Citation.model_fields) & set(type(view.meta).model_fields))
        own = {"number": len(found) + 1, "source_id": near.source_id, "section": section, "quote": near.quote}
        found.append(Citation.model_validate({**known, **own, "passage_id": near.passage_id}))
    return found


def as_json(findings: Sequence[Finding]) -> str:
    """The findings as ``ketamine-answers audit --json`` prints them."""
    return json.dumps([finding.model_dump() for finding in findings], ensure_ascii=False, indent=1) + "\n"


def as_markdown(findings: Sequence[Finding], words: Words, find: FindSource, today: date) -> str:
    """All findings as a document: the counts, then sentence by sentence."""
    counts = Counter(finding.label for finding in findings)
    heading = [
        f"# {words.text('audit_title')}",
        words.text("audit_made", title=words.text("title"), date=today.isoformat())
        + f" {in_words(findings, words)} {words.text('audit_limits')}",
        "\n".join(
            f"- {words.text(f'audit_label_{label}')}: {counts[label]} ({words.text(f'audit_means_{label}')})"
            for label in LABELS
        ),
    ]
    return "\n\n".join([*heading, *(_block(finding, words, find) for finding in findings)]) + "\n"


def _block(finding: Finding, words: Words, find: FindSource) -> str:
    lines = [f"**{words.text(f'audit_label_{finding.label}')}** {_one_line(finding.text)}"]
    if finding.reason:
        lines.append(f"- {words.text('audit_reason', reason=_one_line(finding.reason))}")
    if finding.suggestion:
        title = _title(finding.suggestion.source_id, find)
        said = f"{words.text('audit_suggestion')}: {_one_line(finding.suggestion.text)}"
        lines.append(f"- {said} ({words.text('audit_from', title=title)})")
    lines += [f"- “{_one_line(near.quote)}” ({near.title})" for near in finding.closest]
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _badge(label: Label, words: Words) -> str:
    sign = f'<span class="ka-sign" aria-hidden="true">{SIGNS[label]}</span>'
    return f'<span class="ka-badge">{sign}{words.html(f"audit_label_{label}")}</span>'


def _instead(finding: Finding, words: Words, find: FindSource) -> str:
    if finding.suggestion is None:
        return ""
    title = _title(finding.suggestion.source_id, find)
    return (
        f'<div class="ka-instead"><p class="ka-small">{words.html("audit_suggestion")}</p>'
        f"<p>{escape(finding.suggestion.text)}</p>"
        f'<p class="ka-small">{words.html("audit_from", title=title)}</p></div>'
    )


def _title(source_id: str, find: FindSource) -> str:
    view = find(source_id)
    return view.meta.title if view else source_id
