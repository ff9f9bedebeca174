"""A running reader follows the index: new text without a restart, old readers undisturbed, nothing left open."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from answer import follow
from answer.follow import LiveIndex
from ingest.corpus import ingest_paths
from ingest.embed import Embedder, identify
from ingest.generation import Generation, IndexFolder, IndexUnusableError
from settings import Settings

Write = Callable[[str, str], Path]
Ingest = Callable[[], None]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def ingest(settings: Settings, embedder: Embedder, write: Write) -> Ingest:
    """Brings the index up to date with the test's documents; one is there from the start."""
    documents = write("docs/first.md", "# First\n\n- The infusion takes forty minutes.\n").parent
    return lambda: _done(ingest_paths(settings, [documents], lambda: embedder))


@pytest.fixture
def index(settings: Settings, ingest: Ingest) -> Iterator[LiveIndex]:
    ingest()
    index = LiveIndex(IndexFolder(settings.data_dir / settings.collection), identify(settings.embedder))
    yield index
    index.close()


def _done(_: object) -> None:
    return None


def texts(generation: Generation) -> set[str]:
    return {passage.text for passage in generation.passages}


def read(index: LiveIndex) -> set[str]:
    with index.reading() as generation:
        return texts(generation)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_an_ingest_is_served_within_about_a_second(index: LiveIndex, ingest: Ingest, write: Write) -> None:
    with index.reading() as generation:
        assert texts(generation) == {"The infusion takes forty minutes."}
    write("docs/second.md", "# Second\n\n- A nurse stays in the room.\n")
    ingest()
    deadline = time.monotonic() + follow.POLL_SECONDS + 1
    found: set[str] = set()
    while "A nurse stays in the room." not in found and time.monotonic() < deadline:
        time.sleep(0.05)
        with index.reading() as generation:
            found = texts(generation)
    assert found == {"The infusion takes forty minutes.", "A nurse stays in the room."}


def test_a_removed_document_is_no_longer_served(
    index: LiveIndex, ingest: Ingest, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "POLL_SECONDS", 0.0)
    second = write("docs/second.md", "# Second\n\n- A nurse stays in the room.\n")
    ingest()
    second.unlink()
    ingest()
    index._next_poll = 0.0
    with index.reading() as generation:
        assert texts(generation) == {"The infusion takes forty minutes."}


def test_a_reader_keeps_its_generation_until_it_has_finished(
    index: LiveIndex, ingest: Ingest, write: Write, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "POLL_SECONDS", 0.0)
    vector = embedder.embed(["How long does the infusion take?"])
    with index.reading() as old:
        before = old.nearest(vector, 5)
        for number in range(3):
            write("docs/first.md", f"# First\n\n- The infusion takes {number} hours.\n")
            ingest()
            index._next_poll = 0.0
            with ThreadPoolExecutor(1) as other:
                assert other.submit(read, index).result() == {f"The infusion takes {number} hours."}
        assert texts(old) == {"The infusion takes forty minutes."}
        assert old.nearest(vector, 5) == before
        assert old.bm25(["minut"]).max() > 0
    assert not index._stale


def test_thirty_switches_leave_no_files_open(
    index: LiveIndex, ingest: Ingest, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "POLL_SECONDS", 0.0)
    index._next_poll = 0.0
    names: set[str] = set()
    counts: list[int] = []
    for number in range(30):
        write("docs/second.md", f"# Second\n\n- Room number {number} is free.\n")
        ingest()
        with index.reading() as generation:
            names.add(generation.manifest.name)
            assert f"Room number {number} is free." in texts(generation)
        gc.collect()
        counts.append(open_files())
    assert len(names) == 30
    # Other tests' files come and go; one left open by each switch would make twenty between the tenth and the last.
    assert min(counts[20:]) - max(counts[:10]) < 10, counts
    assert max(counts) - counts[0] < 30, counts
    assert len(index._open) == len(index._current.manifest.segments)


def test_a_missing_index_says_how_to_build_it(settings: Settings) -> None:
    with pytest.raises(
        IndexUnusableError, match=r"There is no index at .* yet\. Build it with: ketamine-answers ingest"
    ):
        LiveIndex(IndexFolder(settings.data_dir / settings.collection), identify(settings.embedder))


def test_an_index_of_another_embedder_is_refused_by_name(settings: Settings, ingest: Ingest) -> None:
    ingest()
    with pytest.raises(IndexUnusableError, match=r"the settings name 'another-model'.*--rebuild"):
        LiveIndex(IndexFolder(settings.data_dir / settings.collection), "another-model")


def test_a_damaged_pointer_is_explained(settings: Settings, ingest: Ingest) -> None:
    ingest()
    folder = IndexFolder(settings.data_dir / settings.collection)
    folder.pointer.write_text("{", encoding="utf-8")
    with pytest.raises(IndexUnusableError, match=r"live\.json can't be read.*--rebuild"):
        LiveIndex(folder, identify(settings.embedder))
