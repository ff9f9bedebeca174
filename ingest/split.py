"""Split a document into passages that the embedder can read whole.

A bullet is one self-contained claim and becomes one passage; prose becomes windows of whole sentences inside
its heading, neighbouring windows sharing a sentence. Each passage carries its document's title as context.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import pysbd

from ingest.schema import Block, BlockKind, Passage, Source, passage_id, with_title

Count = Callable[[Sequence[str]], list[int]]

WINDOW_TOKENS = 128
MAX_TITLE_TOKENS = 48
SPECIAL_TOKENS = 2
LONGEST_STRETCH = 5000
_PLAIN_END = re.compile(r"[a-z]{3}[.!?] (?=[A-Z])")
_ABBREVIATION_END = re.compile(r"(?:\b(?:et al|approx|pts|pt|h|min|Fig|No|vs|e\.g|i\.e|Dr|Prof)\.)$", re.IGNORECASE)
_CONTINUES = re.compile(r"^\s*(?:[\[(\d]|[a-z])")
_ABBREVIATION_NEEDS_LOWER = re.compile(r"\b(?:h|min|pt|No)\.$", re.IGNORECASE)


def split(source: Source, count: Count, max_tokens: int) -> list[Passage]:
    """Passages of one source in document order; texts that occur twice are kept once.

    Args:
        source: the document.
        count: word pieces of texts, special tokens included (``Embedder.count_tokens``).
        max_tokens: most word pieces the embedder reads.
    """
    seen: dict[str, Passage] = {}
    cites = {block.text: block.cites for block in source.blocks if block.cites}
    for kind, section, text in _texts(source, count, max_tokens):
        title = _title(source, section, kind, count)
        key = passage_id(source.meta.id, text)
        if key not in seen:
            questions = tuple(source.questions.get(text, ()))
            seen[key] = Passage(
                key,
                source.meta.id,
                kind,
                section,
                title,
                text,
                len(seen),
                questions,
                cites.get(text, ()),
                source.plain.get(text, ""),
            )
    return list(seen.values())


def sentences(text: str) -> list[str]:
    """Sentences of a text, in order; joined by single spaces they give the text back.

    pysbd's boundaries, with those removed that stand behind an abbreviation or before a reference mark.
    """
    merged: list[str] = []
    for piece in (part.strip() for stretch in _stretches(text) for part in _segment(stretch)):
        if merged and _belongs(merged[-1], piece):
            merged[-1] = f"{merged[-1]} {piece}"
        elif piece:
            merged.append(piece)
    return merged


def _stretches(text: str) -> Iterator[str]:
    """A long text in stretches that end where a sentence plainly does: pysbd's time grows with the square of length."""
    start = 0
    while len(text) - start > LONGEST_STRETCH:
        ends = list(_PLAIN_END.finditer(text, start, start + LONGEST_STRETCH))
        space = text.rfind(" ", start + 1, start + LONGEST_STRETCH) + 1
        end = ends[-1].end() if ends else space or start + LONGEST_STRETCH
        yield text[start:end]
        start = end
    yield text[start:]


def _segment(text: str) -> list[str]:
    return list(pysbd.Segmenter(language="en", clean=False).segment(text))


def _belongs(before: str, piece: str) -> bool:
    if not piece or re.match(r"^[\[(]\d", piece):
        return True
    if _ABBREVIATION_NEEDS_LOWER.search(before):
        return bool(_CONTINUES.match(piece))
    return bool(_ABBREVIATION_END.search(before))


def _texts(source: Source, count: Count, max_tokens: int) -> Iterator[tuple[BlockKind, str, str]]:
    for (kind, section), group in groupby(source.blocks, key=lambda block: (block.kind, block.section)):
        blocks = list(group)
        room = max_tokens - _title_tokens(source, section, kind, count)
        if kind == "claim":
            sizes = count([block.text for block in blocks])
            for block, size in zip(blocks, sizes, strict=True):
                for text in [block.text] if size <= room else _windows([block], count, room):
                    yield "claim", section, text
        else:
            for text in _windows(blocks, count, min(room, WINDOW_TOKENS)):
                yield "prose", section, text


def _windows(blocks: Sequence[Block], count: Count, room: int) -> Iterator[str]:
    """Windows of whole sentences of at most ``room`` word pieces, each starting with its predecessor's last one."""
    whole = " ".join(block.text for block in blocks)
    if count([whole])[0] <= room:
        yield whole
        return
    pieces = [piece for block in blocks for sentence in sentences(block.text) for piece in _cut(sentence, count, room)]
    sizes = [size - SPECIAL_TOKENS for size in count(pieces)]
    start = 0
    while start < len(pieces):
        end, total = start + 1, sizes[start] + SPECIAL_TOKENS
        while end < len(pieces) and total + sizes[end] <= room:
            total += sizes[end]
            end += 1
        yield " ".join(pieces[start:end])
        if end == len(pieces):
            return
        shared = end - 1
        start = shared if shared > start and sizes[shared] + sizes[end] + SPECIAL_TOKENS <= room else end


def _cut(sentence: str, count: Count, room: int) -> Iterator[str]:
    """A sentence as it is, or in halves at a space (or anywhere, without one) until each fits."""
    if count([sentence])[0] <= room:
        yield sentence
        return
    middle = sentence.rfind(" ", 0, len(sentence) // 2 + 1)
    middle = middle if middle > 0 else len(sentence) // 2
    yield from _cut(sentence[:middle].strip(), count, room)
    yield from _cut(sentence[middle:].strip(), count, room)


def _title(source: Source, section: str, kind: str, count: Count) -> str:
    """The context of a passage: the document's heading, for prose its section too, cut to fit."""
    title = f"{source.heading}: {section}" if kind == "prose" and section else source.heading
    words = title.split()
    while len(words) > 1 and count([" ".join(words)])[0] > MAX_TITLE_TOKENS:
        words = words[: len(words) * 3 // 4]
    short = " ".join(words)
    return short if count([short])[0] <= MAX_TITLE_TOKENS else ""


def _title_tokens(source: Source, section: str, kind: str, count: Count) -> int:
    title = _title(source, section, kind, count)
    return count([with_title(title, "")])[0] - SPECIAL_TOKENS if title else 0
