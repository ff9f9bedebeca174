"""Ingest the project's corpus, or any folder, as the settings say."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from ingest.embed import Embedder, identify
from ingest.faq import load_faq
from ingest.generation import IndexFolder
from ingest.index import SEEN, IngestError, Report, Summary, Tools, update_index
from ingest.load import load
from ingest.schema import Problem
from ingest.seen import read_seen
from ingest.terms import Terms
from ingest.vocabulary import Vocabulary
from settings import Settings

PARTS = ("article.md", "literature", "clinic")
FAQ: Literal["faq"] = "faq"
STAGED = "-staged"
"""Ends the name of the collection that the next version is built in."""


def ingest_paths(
    settings: Settings,
    paths: Sequence[Path],
    embed: Callable[[], Embedder],
    *,
    report: Report = lambda stage, done, total: None,
    rebuild: bool = False,
) -> Summary:
    """Make the settings' collection hold exactly the documents below ``paths`` (the corpus when there are none).

    Raises:
        IngestError: a path doesn't exist, nothing usable was found, or the index can't be written.
        IndexUnusableError: the index was built by another embedder or layout; ``rebuild`` builds it anew.
    """
    with _collector_paused():
        return _ingest(settings, list(paths), embed, report, rebuild)


def suspicious(corpus: Path) -> list[Problem]:
    """What ``ingest.suspect`` reports of a corpus folder: documents, their questions, FAQ entries and translations."""
    entries = corpus / FAQ
    folders = [entries, *(path for path in sorted(entries.iterdir()) if path.is_dir())] if entries.is_dir() else []
    parts = [load([path for part in PARTS if (path := corpus / part).exists()]), *map(load_faq, folders)]
    return [problem for loaded in parts for problem in loaded.problems if problem.suspicious]


def desk_folder(settings: Settings, part: Literal["documents", "faq"]) -> Path:
    """Where the staff's desk lays what it has approved, beside the corpus; it needn't exist.

    A staged collection is built of the same as its live one.
    """
    return settings.data_dir / f"{settings.collection.removesuffix(STAGED)}-desk" / part


def faq_folder(settings: Settings) -> IndexFolder:
    """Where the FAQ of the settings' collection is indexed: apart from the evidence, small and quick to renew."""
    return IndexFolder(settings.data_dir / f"{settings.collection}-{FAQ}")


def _ingest(
    settings: Settings, paths: list[Path], embed: Callable[[], Embedder], report: Report, rebuild: bool
) -> Summary:
    parts = [*(settings.corpus_dir / part for part in PARTS), desk_folder(settings, "documents")]
    wanted = paths or [path for path in parts if path.exists()]
    missing = [path for path in wanted if not path.exists()]
    if missing or not wanted:
        raise IngestError(f"There is nothing at {missing[0] if missing else settings.corpus_dir}.")
    root = settings.data_dir / settings.collection
    loaded = load(wanted, {} if rebuild else read_seen(root / SEEN))
    if not loaded.owners:
        reason = f" First problem: {loaded.problems[0]}" if loaded.problems else ""
        raise IngestError(f"No usable document was found in {', '.join(map(str, wanted))}.{reason}")
    terms = Terms(Vocabulary.load(settings.corpus_dir / "vocabulary.toml"))
    tools = Tools(identify(settings.embedder), embed, terms, report)
    summary = update_index(root, loaded, tools, rebuild=rebuild)
    own, approved = settings.corpus_dir / FAQ, desk_folder(settings, FAQ)
    if not paths and (own.is_dir() or approved.is_dir()):
        entries = load_faq(own, loaded.owners, approved)
        summary.take_in(update_index(faq_folder(settings).root, entries, tools, rebuild=rebuild))
    return summary


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Without Python's cycle collector: an ingest makes millions of objects and no cycles, and walking them took
    nearly half the time of a run over 50,000 documents."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
