"""Publishing: what staff approved is answered, here and in another process, whatever is stopped on the way."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from answer import follow
from answer.engine import Engine
from answer.faq import FaqBook
from answer.follow import LiveIndex
from answer.schema import Question
from answer.verify import Verifier
from desk.database import Database
from desk.faq import FaqDesk
from desk.models import User
from desk.publish import Background, Publisher
from ingest.corpus import FAQ, desk_folder, faq_folder
from ingest.embed import Embedder, identify
from ingest.faq import load_faq
from ingest.index import Tools, update_index
from ingest.terms import Terms
from ingest.vocabulary import Vocabulary
from settings import ROOT, Settings
from tests.desk.three_cards import OTHER, OTHER_SOURCE, PROJECT, QUESTION, SENTENCE, SOURCE, entry, small_settings

ANNA, BORIS = User(name="anna", role="editor"), User(name="boris", role="editor")
SWITCHES, MEASURED_EVERY = 200, 20


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Path:
    """A small ingested corpus, to be copied."""
    folder = tmp_path_factory.mktemp("prepared")
    small_settings(folder, embedder)
    return folder


@pytest.fixture
def settings(prepared: Path, tmp_path: Path) -> Settings:
    """The small corpus in a folder of the test's own."""
    shutil.copytree(prepared, tmp_path / "own")
    own = tmp_path / "own"
    return Settings(data_dir=own / "data", corpus_dir=own / "corpus", answer_threshold=0.9)


@pytest.fixture
def faq(database: Database) -> FaqDesk:
    return FaqDesk(database, lambda _: [], second_person=True)


@pytest.fixture
def publisher(settings: Settings, database: Database, embedder: Embedder) -> Publisher:
    return Publisher(settings, database, lambda: embedder)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """An engine on the small corpus that follows at once."""
    with closing(Engine.open(settings)) as opened:
        yield opened


def approve(faq: FaqDesk, text: str, id: str) -> int:
    """Save, submit and approve a text: the version's number."""
    number = faq.save(text, faq.lock(id), ANNA).number
    faq.submit(id, number, ANNA)
    faq.approve(id, number, BORIS)
    return number


def served(settings: Settings) -> dict[str, list[str]]:
    """The sentences of each entry in the live FAQ index."""
    with closing(LiveIndex(faq_folder(settings), identify(settings.embedder))) as index, index.reading() as generation:
        found: dict[str, list[str]] = {}
        for passage in generation.passages:
            found.setdefault(passage.source_id, []).append(passage.text)
        return found


def told(engine: Engine, question: str = QUESTION) -> list[str]:
    answer = engine.ask(Question(text=question, detail="plain"))
    return [sentence.text for sentence in answer.sentences] if answer.composer == "faq" else []


def test_an_approved_entry_is_answered_and_a_withdrawn_one_no_longer(
    faq: FaqDesk, publisher: Publisher, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "POLL_SECONDS", 0.0)
    assert told(engine) == []
    approve(faq, entry("home"), "home")
    publisher.publish()
    engine._faq._index._next_poll = 0.0  # type: ignore[union-attr]
    assert told(engine) == [SENTENCE]
    faq.withdraw("home", BORIS)
    publisher.publish()
    assert told(engine) == []


def test_a_desk_entry_replaces_the_project_s_of_its_id_until_it_is_withdrawn(
    faq: FaqDesk, publisher: Publisher, settings: Settings
) -> None:
    before = served(settings)
    approve(faq, entry("label-home"), "label-home")
    assert publisher.publish().problems == []
    assert served(settings) == {"label-home": [SENTENCE]}
    faq.withdraw("label-home", BORIS)
    publisher.publish()
    assert served(settings) == before


def test_the_same_question_in_two_entries_is_still_reported(
    faq: FaqDesk, publisher: Publisher, settings: Settings
) -> None:
    question = "what does the US spravato label say about going home"
    approve(faq, entry("home", question), "home")
    (problem,) = publisher.publish().problems
    assert "is already in" in problem.message and problem.path.name == "label-home.md"
    assert served(settings) == {"home": [SENTENCE]}


def test_two_approvals_at_once_end_with_both_live(
    faq: FaqDesk, settings: Settings, database: Database, embedder: Embedder
) -> None:
    def work(id: str, question: str, sentence: str, source: str) -> None:
        approve(faq, entry(id, question, sentence, source), id)
        Publisher(settings, database, lambda: embedder).publish()

    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(work, "home", QUESTION, SENTENCE, SOURCE),
            pool.submit(work, "uber", "Does the Colorado clinic take Uber?", OTHER, OTHER_SOURCE),
        ]
        for job in jobs:
            job.result()
    assert served(settings).keys() == {"label-home", "home", "uber"}


def test_an_engine_that_began_without_an_faq_picks_it_up(
    tmp_path: Path, database: Database, embedder: Embedder, faq: FaqDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "POLL_SECONDS", 0.0)
    settings = small_settings(tmp_path / "bare", embedder, faq=False)
    with closing(Engine.open(settings)) as engine:
        assert told(engine) == []
        approve(faq, entry("home"), "home")
        Publisher(settings, database, lambda: embedder).publish()
        assert told(engine) == [SENTENCE]


def test_a_publication_that_fails_is_told_and_the_next_completes_it(
    faq: FaqDesk, publisher: Publisher, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(faq, entry("home"), "home")
    vocabulary = settings.corpus_dir / "vocabulary.toml"
    kept = vocabulary.read_text(encoding="utf-8")
    vocabulary.write_text("[", encoding="utf-8")
    working = Background(publisher)
    working.start()
    state = working.wait()
    assert state.phase == "failed" and "vocabulary.toml" in state.problem
    assert not publisher.is_complete()
    vocabulary.write_text(kept, encoding="utf-8")
    working.start()
    assert working.wait().phase == "done"
    assert publisher.is_complete()
    assert "home" in served(settings)


KILLED = """
import importlib, os, signal, sys
from pathlib import Path
from desk.database import Database
from desk.faq import FaqDesk
from desk.models import User
from desk.publish import Publisher
from ingest.embed import Embedder
from settings import Settings

folder, url, target, number, place = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5]
module, _, path = target.partition(":")
*owners, name = path.split(".")
owner = importlib.import_module(module)
for part in owners:
    owner = getattr(owner, part)
original, calls = getattr(owner, name), 0


def wrapped(*args, **kwargs):
    global calls
    calls += 1
    if calls == number and place == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = original(*args, **kwargs)
    if calls == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return result


settings = Settings(data_dir=folder / "data", corpus_dir=folder / "corpus")
database = Database(url)
setattr(owner, name, wrapped)
FaqDesk(database, lambda _: [], second_person=True).approve("home", 1, User(name="boris", role="editor"))
Publisher(settings, database, Embedder).publish()
"""
MOMENTS = {
    "in the approval, before it is committed": ("desk.faq:_make_live", 1, "after"),
    "with nothing laid out": ("desk.publish:Publisher._lay_out", 1, "before"),
    "with the file half visible": ("desk.publish:write_atomically", 1, "before"),
    "with the folder laid out, nothing ingested": ("desk.publish:Publisher._lay_out", 1, "after"),
    "in the ingest, before the switch": ("ingest.generation:IndexFolder.switch", 1, "before"),
    "in the ingest, after the switch": ("ingest.generation:IndexFolder.switch", 1, "after"),
}


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_during_an_approval_loses_nothing(
    moment: str, faq: FaqDesk, publisher: Publisher, settings: Settings, database: Database
) -> None:
    faq.save(entry("home"), 0, ANNA)
    faq.submit("home", 1, ANNA)
    target, number, place = MOMENTS[moment]
    url = database.url.render_as_string(hide_password=False)
    arguments = [str(settings.data_dir.parent), url, target, str(number), place]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments], cwd=ROOT, capture_output=True, timeout=240, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert served(settings).keys() - {"home"} == {"label-home"}
    if moment == "in the approval, before it is committed":
        assert [version.state for version in faq.versions("home")] == ["submitted"]
        faq.approve("home", 1, BORIS)
    assert faq.live().keys() == {"home"}
    assert not publisher.is_complete()
    started = Background(publisher)
    started.complete()
    end = time.monotonic() + 60
    while not publisher.is_complete() and time.monotonic() < end:
        time.sleep(0.05)
    started.wait()
    assert publisher.is_complete()
    assert served(settings).keys() == {"home", "label-home"}
    assert {path.name for path in desk_folder(settings, FAQ).glob("*.md")} == {"home.md"}


OTHER_PROCESS = """
import sys, time
from pathlib import Path
from answer.engine import Engine
from answer.schema import Question
from settings import Settings

folder, question = Path(sys.argv[1]), Question(text=sys.argv[2], detail="plain")
engine = Engine.open(Settings(data_dir=folder / "data", corpus_dir=folder / "corpus", answer_threshold=0.9))
assert engine.ask(question).composer != "faq"
print("ready", flush=True)
end = time.monotonic() + 120
while time.monotonic() < end:
    answer = engine.ask(question)
    if answer.composer == "faq":
        print(time.time(), answer.sentences[0].text, flush=True)
        sys.exit(0)
    time.sleep(0.05)
sys.exit(1)
"""


@pytest.mark.slow
def test_another_process_answers_by_an_approved_entry_soon(
    faq: FaqDesk, publisher: Publisher, settings: Settings
) -> None:
    arguments = [sys.executable, "-c", OTHER_PROCESS, str(settings.data_dir.parent), QUESTION]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        start = time.time()
        approve(faq, entry("home"), "home")
        publisher.publish()
        at, _, said = other.stdout.readline().strip().partition(" ")
        print(f"live in another process after {float(at) - start:.2f} s")
        assert said == SENTENCE
        assert float(at) - start < 60


class Remembering:
    """The real embedder, which embeds the same texts once: switching is what is tested here, not the embedding."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[tuple[str, ...], list[Any]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def embed_sorted(self, texts: Sequence[str], batch: int) -> Iterator[Any]:
        key = tuple(texts)
        if key not in self._known:
            self._known[key] = list(self._embedder.embed_sorted(texts, batch))
        yield from self._known[key]


@pytest.mark.slow
def test_two_hundred_switches_leave_descriptors_and_memory_flat(
    tmp_path: Path, embedder: Embedder, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "POLL_SECONDS", 0.0)
    folder = tmp_path / "faq"
    folder.mkdir()
    vocabulary = Vocabulary.load(settings.corpus_dir / "vocabulary.toml")
    terms, denials = Terms(vocabulary), Verifier(vocabulary).denials
    remembering: Any = Remembering(embedder)
    tools = Tools(identify(settings.embedder), lambda: remembering, terms)
    root, vector = faq_folder(settings).root, embedder.embed([QUESTION])
    (folder / "label-home.md").write_text(PROJECT, encoding="utf-8")
    files: list[int] = []
    memory: list[int] = []
    with closing(LiveIndex(faq_folder(settings), tools.embedder)) as index:
        index._next_poll = 0.0
        for number in range(SWITCHES):
            said = f"Door {number % 2} leads out."
            (folder / "home.md").write_text(entry("home", sentence=said), encoding="utf-8")
            update_index(root, load_faq(folder), tools)
            with index.reading() as generation:
                match = FaqBook(generation, terms, denials).match(QUESTION, vector)
                assert match is not None and match.entry.sentences[0].text == said
            if number % MEASURED_EVERY == MEASURED_EVERY - 1:
                gc.collect()
                files.append(len(list(Path("/proc/self/fd").iterdir())))
                memory.append(int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
    grown = (memory[-1] - memory[len(memory) // 2]) / 1e6
    print(f"descriptors {files}; memory {memory[0] / 1e6:.0f} MB, in the second half +{grown:.1f} MB")
    assert max(files) - min(files) < 20, files
    assert grown < 40, memory
