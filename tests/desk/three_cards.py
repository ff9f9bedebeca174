"""A small corpus of the project's own cards, quickly ingested, for tests that publish into it."""

from __future__ import annotations

import shutil
from pathlib import Path

from ingest.corpus import ingest_paths
from ingest.embed import Embedder
from settings import ROOT, Settings

CARDS = ("cu-anschutz-esketamine-clinic", "cleveland-clinic-esketamine", "spravato-label-2025")
SENTENCE = "Cleveland Clinic says a caregiver or family member must drive people home after esketamine."
SOURCE = "cleveland-clinic-esketamine"
OTHER = "The Colorado esketamine clinic accepts a relative, a friend, or an Uber or Lyft."
OTHER_SOURCE = "cu-anschutz-esketamine-clinic"
QUESTION = "Who drives me home after esketamine?"
PROJECT = """---
id: label-home
topic: after-session-driving
questions:
  - What does the US Spravato label say about going home?
---
The US Spravato label says to arrange for someone else to take the person home. [spravato-label-2025]
"""


def entry(id: str, question: str = QUESTION, sentence: str = SENTENCE, source: str = SOURCE) -> str:
    """The text of an entry."""
    return f"---\nid: {id}\ntopic: after-session-driving\nquestions:\n  - {question}\n---\n{sentence} [{source}]\n"


def small_settings(folder: Path, embedder: Embedder, *, faq: bool = True) -> Settings:
    """Settings with a corpus of three cards, and one FAQ entry unless there is to be none, ingested."""
    corpus = folder / "corpus"
    (corpus / "literature").mkdir(parents=True)
    for path in (ROOT / "corpus").glob("*.toml"):
        shutil.copy(path, corpus)
    for card in CARDS:
        shutil.copy(ROOT / "corpus" / "literature" / f"{card}.md", corpus / "literature")
    if faq:
        (corpus / "faq").mkdir()
        (corpus / "faq" / "label-home.md").write_text(PROJECT, encoding="utf-8")
    settings = Settings(data_dir=folder / "data", corpus_dir=corpus, answer_threshold=0.9)
    ingest_paths(settings, [], lambda: embedder)
    return settings
