"""Build the next version of an index aside, in a collection of its own, to be looked at before it goes live.

The staged collection begins as a copy of the live generation, so that only what changed since is embedded. The pointer
of the copy is written last: a stop at any moment leaves either no staged index or a whole one, and the live one as it
was.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from ingest.corpus import STAGED, faq_folder, ingest_paths
from ingest.embed import Embedder
from ingest.generation import IndexFolder
from ingest.index import SEEN, IngestError, Report, Summary
from settings import Settings


def staged(settings: Settings) -> Settings:
    """The settings of the staged collection."""
    return settings.model_copy(update={"collection": f"{settings.collection}{STAGED}"})


def parts(settings: Settings) -> dict[str, IndexFolder]:
    """The indexes that make one version: the literature's and the FAQ's, by name."""
    return {"literature": IndexFolder(settings.data_dir / settings.collection), "faq": faq_folder(settings)}


def live_names(settings: Settings) -> dict[str, str]:
    """The live generation of each index that there is; raises ``IndexUnusableError`` where a pointer is damaged."""
    found = {part: folder.live_name() for part, folder in parts(settings).items()}
    return {part: name for part, name in found.items() if name}


def contents(settings: Settings) -> dict[str, str]:
    """What each index holds, as a digest: equal for equal contents, wherever and whenever they were built."""
    manifests = {part: parts(settings)[part].manifest(name) for part, name in live_names(settings).items()}
    return {part: f"{manifest.corpus_version}-{manifest.terms}" for part, manifest in manifests.items()}


def build(
    settings: Settings, embed: Callable[[], Embedder], report: Report = lambda stage, done, total: None
) -> Summary:
    """Build the staged collection anew: the live generation, brought up to date with the files there are now.

    Raises:
        IngestError, IndexUnusableError: as ``ingest_paths``; the live index is untouched.
    """
    discard(settings)
    targets = parts(staged(settings))
    try:
        for part, name in live_names(settings).items():
            _copy(parts(settings)[part], name, targets[part])
    except OSError as error:
        raise IngestError(f"The live index can't be copied to be compared: {error}. Try again.") from error
    return renew(settings, embed, report)


def renew(
    settings: Settings, embed: Callable[[], Embedder], report: Report = lambda stage, done, total: None
) -> Summary:
    """Bring the staged collection up to date with the files; raises what ``build`` does."""
    return ingest_paths(staged(settings), [], embed, report=report)


def discard(settings: Settings) -> None:
    """Delete the staged collection, its pointers first."""
    for folder in parts(staged(settings)).values():
        folder.pointer.unlink(missing_ok=True)
        shutil.rmtree(folder.root, ignore_errors=True)


def _copy(live: IndexFolder, name: str, target: IndexFolder) -> None:
    """Copy one generation, its pointer last."""
    target.root.mkdir(parents=True)
    for segment in live.manifest(name).segments:
        shutil.copytree(live.segment(segment), target.segment(segment))
    shutil.copytree(live.generation(name), target.generation(name))
    _copy_if_there(live.root / SEEN, target.root / SEEN)
    target.switch(name)


def _copy_if_there(source: Path, target: Path) -> None:
    if source.exists():
        shutil.copy(source, target)
