"""Tell whether a question is written in English, the only language the embedder reads, or in which alphabet else."""

import unicodedata
from collections.abc import Container, Sequence

from ingest.vocabulary import words_of

FEWEST_WORDS = 3
NAMED_SHARE = 0.5
TEXT_SHARE = 0.3
MENDED_SHARE, SMALL_SHARE = 0.75, 0.15
SCRIPTS = {"GREEK": "el", "ARABIC": "ar"}


def is_english(text: str, used: Container[str], named: Container[str]) -> bool:
    """True when enough of the words are ones that the English corpus uses; one or two Latin words always pass.

    Names of medicines are much the same in all languages, so names alone don't make a sentence English.

    Args:
        text: the question.
        used: the words of the corpus's passages.
        named: these and the words of the vocabulary's names.
    """
    words = [word for word in words_of(text) if not word.isdigit()]
    if not words:
        return True
    foreign_letters = sum(1 for word in words if not word.replace("'", "").replace(".", "").isascii())
    if foreign_letters > len(words) / 2:
        return False
    return len(words) < FEWEST_WORDS or (_share(words, named) >= NAMED_SHARE and _share(words, used) >= TEXT_SHARE)


def is_english_mended(mended: str, used: Container[str], small: Container[str]) -> bool:
    """True when a text is surely English once its slips are mended: "wen was ketermeen invented and hoo by".

    Mending makes names and learned words of other languages English too, so there must be small words beside them.

    Args:
        mended: the question, its slips mended.
        used: the words of the corpus's passages.
        small: English articles, pronouns, question words and the like.
    """
    words = [word for word in words_of(mended) if not word.isdigit()]
    if len(words) < FEWEST_WORDS:
        return False
    known = sum(word in used or word in small for word in words) / len(words)
    return known >= MENDED_SHARE and _share(words, small) >= SMALL_SHARE


def language_by_script(text: str) -> str | None:
    """The language that most letters of a text give away by their alphabet; None for the Latin one and others."""
    letters = [unicodedata.name(letter, "").split(" ")[0] for letter in text if letter.isalpha()]
    found = (code for script, code in SCRIPTS.items() if letters.count(script) > len(letters) / 2)
    return next(found, None)


def _share(words: Sequence[str], known: Container[str]) -> float:
    return sum(word in known for word in words) / len(words)
