"""Tell whether a question is written in English, the only language the embedder reads."""

from collections.abc import Container

from ingest.vocabulary import words_of

FEWEST_WORDS = 3
ENGLISH_SHARE = 0.5


def is_english(text: str, known: Container[str]) -> bool:
    """True when at least half of the words are known English ones; short texts in Latin letters pass.

    Args:
        text: the question.
        known: the words of the English corpus and its vocabulary.
    """
    words = [word for word in words_of(text) if not word.isdigit()]
    if not words:
        return True
    foreign_letters = sum(1 for word in words if not word.replace("'", "").replace(".", "").isascii())
    if foreign_letters > len(words) / 2:
        return False
    return len(words) < FEWEST_WORDS or sum(word in known for word in words) / len(words) >= ENGLISH_SHARE
