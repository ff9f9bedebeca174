"""Figures as a file for a spreadsheet, in which no cell is taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet would work out instead of showing it."""

Cell = str | int | float | None


def as_csv(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A CSV file in UTF-8 with its mark, so that spreadsheets read accents right; None becomes an empty cell."""
    written = io.StringIO()
    writer = csv.writer(written)
    for row in (heads, *rows):
        writer.writerow([_harmless(cell) for cell in row])
    return written.getvalue().encode("utf-8-sig")


def _harmless(cell: Cell) -> Cell:
    """An apostrophe in front makes a text of what would be a formula; leading spaces are no way around it."""
    if not isinstance(cell, str):
        return cell
    return f"'{cell}" if cell.startswith(_FORMULA) or cell.lstrip().startswith(_FORMULA) else cell
