"""The pages on the real engine, through Streamlit's own test runner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from answer.engine import Engine
from ingest.embed import Embedder, identify
from ingest.index import Tools, update_index
from ingest.load import load
from ingest.terms import Terms
from ingest.vocabulary import Vocabulary
from settings import ROOT, Settings
from ui import shared
from ui.shared import Parts
from ui.words import Words


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The real engine on a real index of every twelfth literature card and the clinic's article."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"))
    cards = sorted((settings.corpus_dir / "literature").glob("*.md"))[::12]
    terms = Terms(Vocabulary.load(settings.corpus_dir / "vocabulary.toml"))
    tools = Tools(identify(settings.embedder), lambda: Embedder(settings.embedder), terms)
    update_index(settings.data_dir / settings.collection, load([*cards, settings.corpus_dir / "article.md"]), tools)
    opened = Engine.open(settings)
    yield opened
    opened.close()


@pytest.fixture
def parts(engine: Any) -> Iterator[Parts]:
    """The shared parts around the real engine, with an empty keep."""
    provided = Parts(engine.settings, Words(engine.wording), engine.crisis_lines, engine)
    shared.provide(provided)
    yield provided
    shared._Shelf.parts = None


@pytest.fixture
def open_page(parts: Parts) -> Callable[[], AppTest]:
    """Opens the pages as a new reader would; the chat is the first page."""
    return lambda: AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=60).run()
