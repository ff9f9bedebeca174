"""A run of the ingest is really killed (SIGKILL) at many moments: readers never notice, the next run completes.

One child process loads the embedder, prepares an index with two generations, and forks once per moment; each fork
ingests changed documents into its own copy of the index and kills itself at its moment.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from answer.follow import LiveIndex
from answer.retrieve import Retriever
from ingest.embed import Embedder, identify
from ingest.generation import IndexFolder
from ingest.index import Summary, Tools, update_index
from ingest.load import load
from ingest.terms import Terms
from ingest.vocabulary import Vocabulary
from settings import ROOT

pytestmark = pytest.mark.slow

MODEL = identify("all-MiniLM-L6-v2")
DRIVING = "Do not drive a car until the day after the session."
OLD_PRICE = "A course of six infusions costs three thousand dollars."
NEW_PRICE = "A course of six infusions costs nine hundred dollars."
NAUSEA = "Some patients feel sick in the first hour."
OLD = {"driving": DRIVING, "price": OLD_PRICE, "gone": "The clinic is closed on public holidays."}
NEW = {"driving": DRIVING, "price": NEW_PRICE, "nausea": NAUSEA, "water": "Drink clear water until two hours before."}
QUESTIONS = ["when may I drive again?", "what does a course of infusions cost?", "will I feel sick?"]

# How a run dies. "report": at the nth report of a stage; "call": before or after the nth call of a function.
MOMENTS: dict[str, tuple[Any, ...]] = {
    "after the first source is split": ("report", "split", 1),
    "after the last source is split": ("report", "split", 3),
    "in the middle of embedding": ("report", "embed", 1),
    "while vectors go into Chroma": ("call", "ingest.segment:SegmentWriter.add", 2, "before"),
    "with all vectors in Chroma, not yet closed": (
        "call",
        "ingest.segment:SegmentWriter.close",
        1,
        "before",
    ),
    "between Chroma and BM25": ("report", "vectors", 1),
    "with BM25 built but not saved": ("call", "bm25s:BM25.save", 1, "before"),
    "between BM25 and the manifest": ("report", "bm25", 1),
    "with the segment's words not yet visible": ("call", "pathlib:Path.replace", 1, "before"),
    "with the manifest half visible": ("call", "pathlib:Path.replace", 2, "before"),
    "between the manifest and the switch": ("report", "manifest", 1),
    "in the switch, the new pointer written aside": ("call", "pathlib:Path.replace", 3, "before"),
    "in the switch, the pointer just replaced": ("call", "pathlib:Path.replace", 3, "after"),
    "after the switch": ("report", "switch", 1),
    "while the rest is cleared away": ("call", "shutil:rmtree", 1, "before"),
    "with a part of the rest cleared away": ("call", "shutil:rmtree", 1, "after"),
    "after clearing away": ("report", "clear", 2),
}
SWITCHED = {name for name in list(MOMENTS)[list(MOMENTS).index("in the switch, the pointer just replaced") :]}

CHILD = """
import importlib, json, os, shutil, signal, sys
from pathlib import Path
import torch
import ingest.index
from ingest.embed import Embedder
from ingest.index import Tools, update_index
from ingest.load import load
from ingest.terms import Terms
from ingest.vocabulary import Vocabulary

folder, model, moments = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
torch.set_num_threads(1)
ingest.index.BATCH = 1
embedder = Embedder()


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def run(documents, root, report=lambda stage, done, total: None):
    update_index(root, load([documents]), Tools(model, lambda: embedder, Terms(Vocabulary([])), report))


def forked(work):
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def prepare():
    run(folder / "older", folder / "prepared")
    run(folder / "old", folder / "prepared")


def killed_run(name, moment):
    seen = 0

    def report(stage, done, total):
        nonlocal seen
        seen += moment[0] == "report" and stage == moment[1]
        if moment[0] == "report" and stage == moment[1] and seen == moment[2]:
            die()

    if moment[0] == "call":
        wrap(*moment[1:])
    run(folder / "new", folder / name, report)


def wrap(target, number, place):
    module, _, path = target.partition(":")
    *owners, attribute = path.split(".")
    owner = importlib.import_module(module)
    for name in owners:
        owner = getattr(owner, name)
    original, calls = getattr(owner, attribute), 0

    def wrapped(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == number and place == "before":
            die()
        result = original(*args, **kwargs)
        if calls == number:
            die()
        return result

    setattr(owner, attribute, wrapped)


status = {"prepare": forked(prepare)}
for number, (name, moment) in enumerate(moments.items()):
    shutil.copytree(folder / "prepared", folder / str(number))
    status[name] = forked(lambda: killed_run(str(number), moment))
print(json.dumps(status))
"""


def write_documents(folder: Path, texts: dict[str, str]) -> None:
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(f"# {name.title()}\n\n- {text}\n", encoding="utf-8")


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The index that each killed run left behind, by moment."""
    folder = tmp_path_factory.mktemp("killed")
    write_documents(folder / "older", {"driving": DRIVING, "early": "An early draft of the leaflet."})
    write_documents(folder / "old", OLD)
    write_documents(folder / "new", NEW)
    command = [sys.executable, "-c", CHILD, str(folder), MODEL, json.dumps(MOMENTS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout)
    assert status.pop("prepare") == 0, done.stderr
    survived = {name: code for name, code in status.items() if os.WTERMSIG(code) != signal.SIGKILL}
    assert survived == {}, done.stderr
    return lambda name: folder / str(list(MOMENTS).index(name))


def answers(root: Path, embedder: Embedder) -> list[set[str]]:
    """The texts found for each question."""
    with closing(LiveIndex(IndexFolder(root), MODEL)) as index:
        found = Retriever(index, embedder, Terms(Vocabulary([]))).search_many(QUESTIONS)
        return [{hit.passage.text for hit in hits} for hits in found]


def run_again(root: Path, embedder: Embedder) -> Summary:
    tools = Tools(MODEL, lambda: embedder, Terms(Vocabulary([])))
    return update_index(root, load([root.parent / "new"]), tools)


def assert_tidy(root: Path) -> None:
    folder = IndexFolder(root)
    generations = {path.name for path in (root / "generations").iterdir()}
    used = {segment for name in generations for segment in folder.manifest(name).segments}
    assert len(generations) == 2
    assert {path.name for path in (root / "segments").iterdir()} == used
    assert {path.name for path in root.iterdir()} - {"seen.json"} == {"live.json", "lock", "generations", "segments"}
    assert not list(root.rglob("*.new*"))


@pytest.mark.parametrize("moment", MOMENTS)
def test_after_a_kill_one_whole_generation_answers_and_the_next_run_completes(
    moment: str, killed: Callable[[str], Path], embedder: Embedder
) -> None:
    root = killed(moment)
    switched = moment in SWITCHED
    assert answers(root, embedder) == [set((NEW if switched else OLD).values())] * len(QUESTIONS)
    summary = run_again(root, embedder)
    assert summary.written is not switched
    assert (summary.new, summary.changed, summary.removed) == ((0, 0, 0) if switched else (2, 1, 1))
    assert answers(root, embedder) == [set(NEW.values())] * len(QUESTIONS)
    assert_tidy(root)
    assert run_again(root, embedder).written is False


def test_a_kill_during_the_first_ingest_leaves_no_index_and_the_next_run_builds_one(
    tmp_path: Path, killed: Callable[[str], Path], embedder: Embedder
) -> None:
    half = killed("between the manifest and the switch")
    root = tmp_path / "first"
    write_documents(tmp_path / "new", NEW)
    shutil.copytree(half, root)
    IndexFolder(root).pointer.unlink()
    assert run_again(root, embedder).new == len(NEW)
    assert answers(root, embedder) == [set(NEW.values())] * len(QUESTIONS)
    assert len(list((root / "segments").iterdir())) == 1
