"""The pages on the real engine, through Streamlit's own test runner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from settings import ROOT
from ui import shared
from ui.shared import Parts
from ui.words import Words


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
