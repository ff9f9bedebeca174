"""Which FAQ entries rely on a source that was withdrawn, or isn't there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel
from sqlalchemy import select

from desk.database import Database
from desk.faq import FaqDesk, parse
from desk.models import Document
from ingest.corpus import FAQ
from ingest.faq import FaqEntry, load_entries
from settings import Settings

WITHDRAWN = "withdrawn"


class Relying(BaseModel):
    """An entry, where it stands, and the sources that it cites in vain."""

    id: str
    where: Literal["corpus", "desk"]
    missing: list[str]
    withdrawn: list[str]


def relying(settings: Settings, database: Database, known: Callable[[str], bool]) -> list[Relying]:
    """The entries that cite a source which isn't ``known``, by id; raises ``DatabaseError``, ``FaqError``."""
    gone = _withdrawn(database)
    found = []
    for where, entry in _entries(settings, database):
        lost = sorted({id for id in _cites([entry]) if not known(id)})
        if lost:
            missing, withdrawn = [id for id in lost if id not in gone], [id for id in lost if id in gone]
            found.append(Relying(id=entry.meta.id, where=where, missing=missing, withdrawn=withdrawn))
    return sorted(found, key=lambda one: (one.id, one.where))


def _entries(settings: Settings, database: Database) -> Iterator[tuple[Literal["corpus", "desk"], FaqEntry]]:
    """The entries of the corpus and the live ones of the desk; one of the desk stands for its namesake."""
    own = {id: parse(content) for id, content in FaqDesk(database, lambda _: (), second_person=True).live().items()}
    yield from (("desk", entry) for entry in own.values())
    folder = settings.corpus_dir / FAQ
    marks = tuple((path.name, path.stat().st_mtime_ns) for path in sorted(folder.glob("*.md")))
    yield from (("corpus", entry) for entry in _read(folder, marks) if entry.meta.id not in own)


@lru_cache(maxsize=2)
def _read(folder: Path, marks: tuple[tuple[str, int], ...]) -> list[FaqEntry]:
    """The entries of a folder whose files are still as ``marks`` say: reading all takes a while, looking doesn't."""
    return load_entries(folder)[0] if marks else []


def _cites(entries: Iterable[FaqEntry]) -> Iterator[str]:
    yield from (id for entry in entries for sentence in entry.sentences for id in sentence.cites)


def _withdrawn(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(select(Document.source_id).where(Document.status == WITHDRAWN)))
