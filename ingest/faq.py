"""Read FAQ entries: reviewed answers, each sentence with the ids of the sources it rests on (``docs/faq.md``).

    ---
    id: how-fast-does-it-work
    topic: how-fast
    reviewed: 2026-11-24
    questions:
      - How fast does ketamine work for depression?
    ---
    A sentence. [source-id, another-source-id]

An entry becomes a source of kind ``faq`` whose passages are its sentences; its questions are keys of the first one.
"""

import hashlib
import re
from collections.abc import Collection, Iterable
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ingest.clean import clean
from ingest.load import Loaded, UnusableFileError, parse_matter, read_text, split_front_matter
from ingest.schema import Block, Problem, Slug, Source, SourceMeta
from ingest.suspect import inspect

MOST_SENTENCES = 6
_SENTENCE = re.compile(r"^(?P<text>.+?)\s*\[(?P<cites>[^\]]*)\]$")
Phrasing = Annotated[str, Field(min_length=3, max_length=300)]


class FaqMeta(BaseModel):
    """The front matter of one entry, or of its translation (which has a ``language``)."""

    model_config = ConfigDict(extra="forbid")

    id: Slug
    topic: Slug = ""
    reviewed: date | None = Field(None, description="When the sentences were last held against their sources.")
    language: str = Field("en", pattern="^[a-z]{2}$")
    native_reviewed: bool = Field(False, description="A native speaker has reviewed the translation.")
    questions: list[Phrasing] = Field(min_length=1, description="Ways to ask it, the plain one first.")


class FaqSentence(BaseModel):
    """One sentence of an entry, the ids of its sources, and its line in the file."""

    text: str
    cites: tuple[str, ...]
    line: int


class FaqEntry(BaseModel):
    """One file: the question's phrasings and the answer."""

    path: Path
    meta: FaqMeta
    sentences: list[FaqSentence]


def load_entries(folder: Path, over: Path | None = None) -> tuple[list[FaqEntry], list[Problem]]:
    """All entries directly in a folder, in order of name, and what is wrong with the others.

    Those of ``over`` come first, and each takes the place of the entry of its id in ``folder``.
    """
    entries: list[FaqEntry] = []
    problems: list[Problem] = []
    owners: dict[str, Path] = {}
    first = sorted(over.glob("*.md")) if over else []
    for path in (*first, *sorted(folder.glob("*.md"))):
        try:
            entry = read_entry(path)
        except UnusableFileError as error:
            problems.append(error.problem)
            continue
        if path.parent != over and owners.get(entry.meta.id, path).parent == over:
            continue
        asked = [_plain(question) for question in entry.meta.questions]
        twice = next((key for key in (entry.meta.id, *asked) if key in owners), None)
        if twice:
            field = "id" if twice == entry.meta.id else "questions"
            other = owners[twice]
            message = f"“{twice}” is already in {other.name if other.parent == path.parent else other}"
            problems.append(Problem(path, message, line=_line_of(path, twice), field=field))
            continue
        owners |= dict.fromkeys((entry.meta.id, *asked), path)
        entries.append(entry)
    return entries, problems


def read_entry(path: Path) -> FaqEntry:
    """Read one entry.

    Raises:
        UnusableFileError: unreadable, bad front matter, no sentence, or a sentence without sources.
    """
    matter, body, first_line = split_front_matter(read_text(path))
    if matter is None:
        raise UnusableFileError(Problem(path, "has no front matter", line=1))
    meta = parse_matter(path, matter, FaqMeta)
    for text, line in ((matter, 2), (body, first_line)):
        if suspicious := [problem for problem in inspect(path, text, line, None)[1] if problem.fatal]:
            raise UnusableFileError(suspicious[0])
    sentences = list(_sentences(path, body, first_line))
    if not 1 <= len(sentences) <= MOST_SENTENCES:
        raise UnusableFileError(
            Problem(path, f"needs 1 to {MOST_SENTENCES} sentences, has {len(sentences)}", line=first_line)
        )
    return FaqEntry(path=path, meta=meta, sentences=sentences)


def load_faq(folder: Path, known: Collection[str] | None = None, over: Path | None = None) -> Loaded:
    """The entries of a folder as sources for the index.

    Args:
        folder: where they lie.
        known: ids of all sources there are; a sentence that cites another one is a problem (its entry isn't used).
        over: a folder whose entries take the place of those of the same id.
    """
    entries, problems = load_entries(folder, over)
    if known is not None:
        problems += [problem for entry in entries for problem in _unknown(entry, known)]
    return Loaded(sources=[_source(entry) for entry in entries], problems=problems)


def _sentences(path: Path, body: str, first_line: int) -> Iterable[FaqSentence]:
    for number, line in enumerate(body.split("\n"), start=first_line):
        text = clean(line)
        if not text:
            continue
        found = _SENTENCE.match(text)
        cites = tuple(name.strip() for name in found["cites"].split(",") if name.strip()) if found else ()
        if not found or not cites:
            raise UnusableFileError(Problem(path, "a sentence must end with its sources: [source-id]", line=number))
        yield FaqSentence(text=found["text"], cites=cites, line=number)


def _unknown(entry: FaqEntry, known: Collection[str]) -> Iterable[Problem]:
    for sentence in entry.sentences:
        for name in sentence.cites:
            if name not in known:
                yield Problem(entry.path, f"there is no source “{name}”", line=sentence.line, field="sources")


def _source(entry: FaqEntry) -> Source:
    first = entry.meta.questions[0]
    meta = SourceMeta(id=entry.meta.id, title=first, kind="faq", topics=[entry.meta.topic] if entry.meta.topic else [])
    blocks = tuple(Block("claim", "", sentence.text, sentence.cites) for sentence in entry.sentences)
    digest = hashlib.sha256(entry.model_dump_json(exclude={"path"}).encode()).hexdigest()
    return Source(meta, first, blocks, digest, {blocks[0].text: entry.meta.questions})


def _line_of(path: Path, words: str) -> int:
    """The first line that holds a phrasing or an id, as ``_plain`` writes it; 1 where it is broken over two."""
    lines = enumerate(read_text(path).split("\n"), start=1)
    return next((number for number, line in lines if _plain(words) in _plain(line)), 1)


def _plain(question: str) -> str:
    return " ".join(re.findall(r"\w+", question.lower()))
