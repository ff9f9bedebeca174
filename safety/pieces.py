"""Cut a long message into stretches that the encoder reads at once."""

import re
from collections.abc import Callable, Iterator

_SENTENCE_END = re.compile(r"(?<=[.!?;…؟؛])\s+|\n+")
_MOST_WORDS, _SHARED_WORDS = 50, 12
_LONGEST_WORD = 60


def stretches(text: str, count: Callable[[str], int], most: int) -> Iterator[str]:
    """Whole sentences together while they count at most ``most``; each stretch begins with the last one's end.

    What has no sentence ends is cut into overlapping runs of words, so that a sentence without punctuation is found.
    """
    held: list[tuple[str, int]] = []
    for part in _parts(text):
        size = count(part)
        if held and sum(n for _, n in held) + size > most:
            yield " ".join(words for words, _ in held)
            held = held[-1:] if held[-1][1] + size <= most else []
        held.append((part, size))
    if held:
        yield " ".join(words for words, _ in held)


def _parts(text: str) -> Iterator[str]:
    for sentence in _SENTENCE_END.split(text):
        words = [word[:_LONGEST_WORD] for word in sentence.split()]
        for start in range(0, max(1, len(words) - _SHARED_WORDS), _MOST_WORDS - _SHARED_WORDS):
            if run := words[start : start + _MOST_WORDS]:
                yield " ".join(run)
