"""Find training messages that all but repeat a test message: ``python -m evals.near_duplicates [--remove]``.

Compares character n-grams of ``safety/data/train-*.jsonl`` with ``test.jsonl`` and prints ids only, never a test
message. With ``--remove`` the training message goes: a test must not be learnt.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from safety.labelled import read_labelled
from safety.ngrams import ngrams, rarity, weighted

DATA = Path(__file__).parent.parent / "safety" / "data"
ALIKE = 0.75
"""Cosine of the n-grams, letters and words counted alike, from which two messages are near-duplicates."""


def near_duplicates(train: list[str], test: list[str], alike: float = ALIKE) -> list[tuple[int, int, float]]:
    """(position in ``train``, position in ``test``, cosine) of every pair that is alike."""
    rows = ngrams([*train, *test])
    vectors = weighted(rows, rarity(rows) + 1) / np.sqrt(2)
    cosines = (vectors[: len(train)] @ vectors[len(train) :].T).tocoo()
    pairs = zip(cosines.row, cosines.col, cosines.data, strict=True)
    return [(int(i), int(j), float(cosine)) for i, j, cosine in pairs if cosine >= alike]


def main() -> None:
    """Print the pairs, and remove them when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--remove", action="store_true", help="take the near-duplicates out of the training files")
    remove = parser.parse_args().remove
    test = read_labelled([DATA / "test.jsonl"])
    for path in sorted(DATA.glob("train-*.jsonl")):
        train = read_labelled([path])
        pairs = near_duplicates([row.text for row in train], [row.text for row in test])
        for i, j, cosine in sorted(pairs, key=lambda pair: -pair[2]):
            sys.stdout.write(f"{path.name} {train[i].id} is like test {test[j].id}: {cosine:.2f}\n")
        if remove and pairs:
            gone = {i for i, _, _ in pairs}
            lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
            kept = [line for i, line in enumerate(lines) if i not in gone]
            path.write_text("\n".join(kept) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
