"""The BM25 terms of a segment's passages: counted once, kept beside them, put together for each generation."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import overload
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ingest.schema import Passage
from ingest.terms import Terms


class TermRows(Sequence[list[int]]):
    """Terms of texts as numbers into ``names``, one row a text; a row's list is made when it is asked for.

    Held as flat arrays: as lists of words, the terms of 50,000 passages took 200 MB.
    """

    def __init__(self, names: Sequence[str], numbers: NDArray[np.int32], ends: NDArray[np.int64]) -> None:
        self.names, self._numbers, self._ends = names, numbers, ends

    @classmethod
    def counted(cls, passages: Iterable[Passage], terms: Terms) -> "TermRows":
        """The terms of passages: of their titled text and their questions."""
        place: dict[str, int] = {}
        numbers, ends = array("i"), array("q")
        for passage in passages:
            text = " ".join((passage.titled, *passage.questions))
            numbers.extend(place.setdefault(term, len(place)) for term in terms.of(text))
            ends.append(len(numbers))
        return cls(list(place), np.array(numbers, np.int32), np.array(ends, np.int64))

    @classmethod
    def join(cls, parts: Iterable[tuple["TermRows", Sequence[int]]]) -> "TermRows":
        """Chosen rows of several, one after another, with one list of names (only of terms that occur)."""
        place: dict[str, int] = {}
        numbers: list[NDArray[np.int32]] = []
        lengths: list[NDArray[np.int64]] = []
        for part, rows in parts:
            starts = np.concatenate(([0], part._ends[:-1]))[list(rows)]
            length = part._ends[list(rows)] - starts
            if not length.sum():
                lengths.append(length)
                continue
            own = np.concatenate([part._numbers[start : start + n] for start, n in zip(starts, length, strict=True)])
            used = np.unique(own)
            renumbered = np.zeros(len(part.names), np.int32)
            renumbered[used] = [place.setdefault(part.names[number], len(place)) for number in used]
            numbers.append(renumbered[own])
            lengths.append(length)
        flat = np.concatenate(numbers) if numbers else np.zeros(0, np.int32)
        return cls(list(place), flat, np.cumsum(np.concatenate(lengths)) if lengths else np.zeros(0, np.int64))

    @classmethod
    def kept(cls, file: Path, passages: Sequence[Passage], terms: Terms) -> "TermRows":
        """The terms of a segment's passages, from ``file`` when it was written with the same vocabulary."""
        try:
            with np.load(file, allow_pickle=False) as data:
                if str(data["digest"]) == terms.digest and len(data["ends"]) == len(passages):
                    return cls(str(data["names"]).split("\n"), data["numbers"], data["ends"])
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            pass
        rows = cls.counted(passages, terms)
        fresh = file.with_suffix(".new.npz")
        np.savez(fresh, digest=terms.digest, names="\n".join(rows.names), numbers=rows._numbers, ends=rows._ends)
        fresh.replace(file)
        return rows

    @property
    def places(self) -> dict[str, int]:
        """Number of each name; the empty name alone when there is no other."""
        return {name: number for number, name in enumerate(self.names or [""])}

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, row: int) -> list[int]: ...
    @overload
    def __getitem__(self, row: slice) -> list[list[int]]: ...
    def __getitem__(self, row: int | slice) -> list[int] | list[list[int]]:
        if isinstance(row, slice):
            return [self[number] for number in range(*row.indices(len(self)))]
        start = self._ends[row - 1] if row else 0
        numbers: list[int] = self._numbers[start : self._ends[row]].tolist()
        return numbers

    def __iter__(self) -> Iterator[list[int]]:
        return (self[row] for row in range(len(self)))
