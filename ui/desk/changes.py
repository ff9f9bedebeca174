"""A changed answer as HTML: in what it changed, the words that went and came, and both versions side by side."""

from __future__ import annotations

from collections.abc import Callable

from answer.say import SourceView
from desk.replay import Change, Reply, diff
from ui.words import Words, escape, sanitised

FindSource = Callable[[str], SourceView | None]
_RUNS = {"same": "{}", "lost": '<span class="ka-lost">[− {} −]</span>', "new": '<span class="ka-new">[+ {} +]</span>'}
"""Told by a sign as well as by colour."""


def change_html(change: Change, words: Words, find: FindSource, *, opened: bool) -> str:
    """One change to unfold; its kinds stand in the heading."""
    kinds = " · ".join(words.html(f"release_kind_{kind}") for kind in change.kinds)
    sides = "".join(
        f'<div class="ka-side"><h4>{words.html(title)}</h4>{_reply(reply, words, find)}</div>'
        for title, reply in (("release_before", change.before), ("release_after", change.after))
    )
    return sanitised(
        f'<details class="ka-change"{" open" if opened else ""}><summary><strong>{escape(change.question)}</strong>'
        f'<span class="ka-small">{kinds}</span></summary>'
        f'<p class="ka-diff">{_diff(change)}</p><div class="ka-sides">{sides}</div></details>'
    )


def _diff(change: Change) -> str:
    return " ".join(_RUNS[kind].format(escape(text)) for kind, text in diff(change))


def _reply(reply: Reply, words: Words, find: FindSource) -> str:
    told = words.label("desk_outcome", reply.outcome)
    sure = words.text(f"confidence_{reply.confidence}") if reply.confidence else ""
    sources = "".join(f"<li>{escape(_source(id, find))}</li>" for id in reply.sources)
    return f'<p class="ka-small">{escape(told)}{". " if sure else ""}{escape(sure)}</p><p>{escape(reply.text)}</p>' + (
        f'<ul class="ka-small">{sources}</ul>' if sources else ""
    )


def _source(id: str, find: FindSource) -> str:
    view = find(id)
    return view.heading if view else id
