"""The real parts that many tests share: one embedder, one index of the project's corpus, one engine on it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from answer.engine import Engine
from ingest.corpus import ingest_paths
from ingest.embed import Embedder
from ingest.generation import IndexUnusableError
from settings import PREFIX, ROOT, Settings

for name in [name for name in os.environ if name.startswith(PREFIX)]:
    del os.environ[name]

# Kept between runs, so that only what changed is embedded again.
INDEXES = ROOT / "data" / "tests"


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The default embedder, loaded once."""
    return Embedder()


@pytest.fixture(scope="session")
def engine(embedder: Embedder) -> Iterator[Engine]:
    """The engine on the project's own corpus."""
    settings = Settings(data_dir=INDEXES, clinic_name="the Harbour Clinic", clinic_contact="phone 555 0100")
    INDEXES.mkdir(parents=True, exist_ok=True)
    with FileLock(INDEXES / "lock"):  # two processes may run tests at once
        try:
            ingest_paths(settings, [], lambda: embedder)
        except IndexUnusableError:  # left by an older version of the code
            ingest_paths(settings, [], lambda: embedder, rebuild=True)
    engine = Engine.open(settings)
    yield engine
    engine.close()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a file below the test's own folder and gives its path."""

    def write_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first, then the slow ones, then the browser's."""
    items.sort(
        key=lambda item: (item.get_closest_marker("browser") is not None, item.get_closest_marker("slow") is not None)
    )
