"""A corpus of two cards and an FAQ entry, quickly ingested, with the project's vocabulary and help lines."""

from __future__ import annotations

import shutil
from pathlib import Path

from settings import ROOT

OLD_PRICE, NEW_PRICE = "A single infusion costs 400 dollars.", "A single infusion costs 700 dollars."
WAIT = "Patients stay for two hours after an infusion of ketamine."
CARD = """---
id: {id}
title: {title}
publisher: A clinic group
year: 2024
kind: guideline
evidence: moderate
url: https://example.org/{id}
topics: [{topic}]
---
# {title}

- {claim}
"""
ENTRY = """---
id: how-long-to-stay
topic: after-session-driving
questions:
  - How long do patients stay after an infusion of ketamine?
---
{claim} [waiting]
"""
COST, STAY, OTHER = (
    "What does a single ketamine infusion cost?",
    "How long do patients stay after an infusion of ketamine?",
    "What's the best recipe for banana bread?",
)


def small_corpus(folder: Path) -> Path:
    """Write it to a folder."""
    for name in ("literature", "faq"):
        (folder / name).mkdir(parents=True)
    for name in ("vocabulary.toml", "sections.toml", "crisis-lines.toml"):
        shutil.copy(ROOT / "corpus" / name, folder)
    card(folder, "price", "What an infusion costs", "cost-insurance", OLD_PRICE)
    card(folder, "waiting", "After an infusion", "after-session-driving", WAIT)
    (folder / "faq" / "how-long-to-stay.md").write_text(ENTRY.format(claim=WAIT), encoding="utf-8")
    return folder


def card(corpus: Path, id: str, title: str, topic: str, claim: str) -> None:
    """Write a card with one claim, or replace it."""
    text = CARD.format(id=id, title=title, topic=topic, claim=claim)
    (corpus / "literature" / f"{id}.md").write_text(text, encoding="utf-8")
