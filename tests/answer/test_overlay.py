"""A translation is shown only while its English entry says what it was translated from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from answer.engine import Engine
from answer.schema import Question
from ingest.corpus import desk_folder, ingest_paths
from ingest.embed import Embedder
from settings import Settings
from tests.desk.three_cards import OTHER, OTHER_SOURCE, PROJECT, QUESTION, entry, small_settings

ASKED = "Was sagt die amerikanische Spravato-Kennzeichnung zum Heimweg nach der Behandlung?"
GERMAN = f"""---
id: label-home
language: de
questions:
  - {ASKED}
---
Die amerikanische Kennzeichnung sagt, dass jemand anderes die Person nach Hause bringen soll. [spravato-label-2025]
"""


@pytest.fixture
def settings(tmp_path: Path, embedder: Embedder) -> Settings:
    """The small corpus with a German translation of its entry."""
    settings = small_settings(tmp_path, embedder)
    (settings.corpus_dir / "faq" / "de").mkdir()
    (settings.corpus_dir / "faq" / "de" / "label-home.md").write_text(GERMAN, encoding="utf-8")
    return settings


@pytest.fixture
def approved(settings: Settings) -> Iterator[Path]:
    """The desk's file for the translated entry."""
    path = desk_folder(settings, "faq") / "label-home.md"
    path.parent.mkdir(parents=True)
    yield path


def composer(settings: Settings, embedder: Embedder) -> tuple[str, list[str]]:
    """How the German question is answered, and what is offered beside it."""
    ingest_paths(settings, [], lambda: embedder)
    with closing(Engine.open(settings)) as engine:
        answer = engine.ask(Question(text=ASKED))
        return (answer.composer if answer.sentences else "none"), answer.follow_ups


def test_an_unchanged_entry_is_answered_in_its_translation(settings: Settings, embedder: Embedder) -> None:
    assert composer(settings, embedder)[0] == "faq"


def test_a_translation_of_what_the_desk_changed_is_not_shown(
    settings: Settings, embedder: Embedder, approved: Path
) -> None:
    approved.write_text(entry("label-home", QUESTION, OTHER, OTHER_SOURCE), encoding="utf-8")
    said, offered = composer(settings, embedder)
    assert said == "none"
    assert ASKED not in offered


def test_other_ways_to_ask_leave_the_translation_in_use(settings: Settings, embedder: Embedder, approved: Path) -> None:
    approved.write_text(PROJECT.replace("questions:\n", f"questions:\n  - {QUESTION}\n"), encoding="utf-8")
    assert composer(settings, embedder)[0] == "faq"
