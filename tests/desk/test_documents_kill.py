"""A process is really killed (SIGKILL) in the middle of an upload, an approval or a withdrawal: the next completes it.

One child process loads the embedder and forks once per moment; each fork works on its own copy of everything and kills
itself at its moment. Then this process goes on where it ended.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from desk.database import Database
from desk.documents import Documents
from desk.publishing import Publishing
from ingest.corpus import desk_folder, ingest_paths
from ingest.embed import Embedder
from ingest.generation import IndexFolder
from settings import ROOT, Settings

pytestmark = pytest.mark.slow

WORDS = "Rest at home for one day after the infusion."
BEFORE = "Drink clear water before the session."

# What is done, and before which call of which function the process dies: (function, how many calls, before or after).
MOMENTS: dict[str, tuple[str, str, int, str]] = {
    "upload, the original half written": ("upload", "pathlib:Path.replace", 1, "before"),
    "upload, the original written and the document not stored": ("upload", "pathlib:Path.replace", 1, "after"),
    "upload, stored and not yet committed": ("upload", "desk.audit:log", 1, "after"),
    "approval, not yet committed": ("approve", "desk.audit:log", 1, "after"),
    "approval, stored and no file laid out": ("approve", "desk.publishing:write_private", 1, "before"),
    "approval, the file half laid out": ("approve", "pathlib:Path.replace", 1, "before"),
    "approval, laid out and not indexed": ("approve", "desk.publishing:write_private", 1, "after"),
    "approval, in the middle of indexing": ("approve", "ingest.index:IndexFolder.switch", 1, "before"),
    "approval, indexed and not noted": ("approve", "desk.publishing:Publishing.settle", 1, "before"),
    "withdrawal, stored and the file still there": ("withdraw", "desk.publishing:Publishing.lay_out", 1, "before"),
    "withdrawal, the file gone and the index as it was": (
        "withdraw",
        "desk.publishing:Publishing._attempt",
        1,
        "before",
    ),
}
NEVER_HAPPENED = {name for name in MOMENTS if name.startswith("upload") or "not yet committed" in name}

CHILD = """
import importlib, json, os, shutil, signal, sys
from pathlib import Path
import torch
from desk.database import Database
from desk.documents import Documents
from desk.publishing import Publishing
from desk.users import Users
from ingest.corpus import ingest_paths
from ingest.embed import Embedder
from settings import Settings

folder, moments, words, before = Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3], sys.argv[4]
torch.set_num_threads(1)
embedder = Embedder()


def opened(name):
    settings = Settings(data_dir=folder / name, corpus_dir=folder / "corpus")
    database = Database.of(settings)
    return settings, database, Documents(database, settings, lambda sentences: []), Publishing(settings, database)


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
    settings, database, documents, publishing = opened("prepared")
    for name in ("anna", "ben"):
        Users(database).add(name, "tidal copper lantern", "editor", "test")
    anna, ben = Users(database).all()
    id = documents.upload("before.md", before.encode(), anna).id
    documents.approve(id, 1, ben)
    publishing.run(lambda: ingest_paths(settings, [], lambda: embedder))
    documents.upload("after.md", words.encode(), anna)
    database.close()


def killed_run(name, moment):
    what, *where = moment
    settings, database, documents, publishing = opened(name)
    anna, ben = Users(database).all()
    publish = lambda: publishing.run(lambda: ingest_paths(settings, [], lambda: embedder))
    wrap(*where)
    if what == "upload":
        documents.upload("third.md", b"Bring somebody along.", anna)
    elif what == "approve":
        documents.approve(2, 1, ben)
        publish()
    else:
        documents.withdraw(1, anna)
        publish()


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
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if calls == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, attribute, wrapped)


status = {"prepare": forked(prepare)}
for number, (name, moment) in enumerate(moments.items()):
    shutil.copytree(folder / "prepared", folder / str(number))
    status[name] = forked(lambda: killed_run(str(number), moment))
print(json.dumps(status))
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Settings]:
    """The settings of what each killed process left behind, by moment."""
    folder = tmp_path_factory.mktemp("killed")
    (folder / "corpus" / "literature").mkdir(parents=True)
    shutil.copy(ROOT / "corpus" / "vocabulary.toml", folder / "corpus")
    (folder / "corpus" / "literature" / "driving.md").write_text("# Driving\n\n- Nobody drove.\n", encoding="utf-8")
    command = [sys.executable, "-c", CHILD, str(folder), json.dumps(MOMENTS), WORDS, BEFORE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout)
    assert status.pop("prepare") == 0, done.stderr
    survived = {name: code for name, code in status.items() if os.WTERMSIG(code) != signal.SIGKILL}
    assert survived == {}, done.stderr
    return lambda name: Settings(data_dir=folder / str(list(MOMENTS).index(name)), corpus_dir=folder / "corpus")


def live(settings: Settings) -> set[str]:
    folder = IndexFolder(settings.data_dir / settings.collection)
    return set(folder.manifest(str(folder.live_name())).sources) - {"driving"}


@pytest.mark.parametrize("moment", MOMENTS)
def test_after_a_kill_nothing_is_lost_and_the_next_process_completes_it(
    moment: str, killed: Callable[[str], Settings], embedder: Embedder
) -> None:
    settings = killed(moment)
    database = Database.of(settings)
    documents, publishing = Documents(database, settings, lambda sentences: []), Publishing(settings, database)
    happened = moment not in NEVER_HAPPENED
    assert publishing.unfinished() is happened
    publishing.run(lambda: ingest_paths(settings, [], lambda: embedder))
    second, first = (documents.get(document.id) for document in documents.all())
    withdrawn = moment.startswith("withdrawal")
    approved = happened and not withdrawn
    assert (first.status, second.status) == ("withdrawn" if withdrawn else "live", "live" if approved else "uploaded")
    wanted = ({first.source_id} if not withdrawn else set()) | ({second.source_id} if approved else set())
    assert live(settings) == wanted
    assert {path.stem for path in desk_folder(settings, "documents").glob("[!.]*")} == wanted
    assert not publishing.unfinished()
    assert second.pages == [WORDS]
    database.close()
