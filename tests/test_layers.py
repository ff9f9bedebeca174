"""Who may import whom: the arrows of the house point one way, so that a room can be changed alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from settings import ROOT

FORBIDDEN = {
    "safety": {"answer", "ui", "service", "desk", "evals", "app", "cli"},
    "ingest": {"answer", "safety", "ui", "service", "desk", "evals", "app", "cli"},
    "answer": {"ui", "service", "desk", "evals", "app", "cli"},
    "ui": {"service", "evals", "app", "cli"},
    "desk": {"ui", "service", "evals", "app", "cli"},
    "service": {"ui", "desk", "evals", "app", "cli"},
}


def imports_of(path: Path) -> Iterator[str]:
    """The first part of every module that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_imports_none_of_the_rooms_behind_it(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    wrong = {f"{path.relative_to(ROOT)} imports {name}" for path in files for name in imports_of(path)}
    assert not {line for line in wrong if line.rsplit(" ", 1)[1] in FORBIDDEN[room]}


@pytest.mark.parametrize("module", ["settings.py", "errors.py"])
def test_settings_and_errors_stand_below_every_room(module: str) -> None:
    rooms = {*FORBIDDEN, "evals", "app", "cli"}
    assert not rooms & set(imports_of(ROOT / module))


@pytest.mark.parametrize("room", ["safety", "ingest", "answer", "desk", "service"])
def test_no_room_below_the_pages_imports_the_page_library(room: str) -> None:
    wrong = [path.name for path in (ROOT / room).rglob("*.py") if "streamlit" in imports_of(path)]
    assert wrong == []


@pytest.mark.parametrize("library", ["requests", "httpx", "urllib3", "aiohttp", "openai", "anthropic"])
def test_deciding_what_is_safe_and_answering_call_no_network(library: str) -> None:
    files = [*(ROOT / "safety").rglob("*.py"), *(ROOT / "answer").rglob("*.py")]
    assert [path.name for path in files if library in imports_of(path)] == []
