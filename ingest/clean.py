"""Clean a document's text without changing its words: encoding slips, control characters, stray link texts."""

import re
import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path

_INVISIBLE_ONES = r"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"
_CONTROL_ONES = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_INVISIBLE = re.compile(f"[{_INVISIBLE_ONES}]")
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile(f"[{_CONTROL_ONES}]")
# Characters that are no part of what somebody typed.
NOT_TEXT = re.compile(f"[{_CONTROL_ONES}{_INVISIBLE_ONES}]")
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u3000]+")
_MAX_LINK_WORDS = 5


@lru_cache(maxsize=1)
def _link_texts() -> frozenset[str]:
    path = Path(__file__).with_name("link-texts.toml")
    return frozenset(tomllib.loads(path.read_text(encoding="utf-8"))["texts"])


def clean(text: str) -> str:
    """Normalise a document: Unix line ends, NFC, no invisible or control characters, single spaces, no tail links."""
    text = unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", text))
    text = _SPACES.sub(" ", _CONTROL.sub("", _INVISIBLE.sub("", text)))
    return drop_tail_links("\n".join(line.strip() for line in text.split("\n"))).strip()


def drop_tail_links(text: str) -> str:
    """Remove lines at the very end that are a website's link text ("Read more") and not the author's words.

    A line counts when it is in ``link-texts.toml``, or when it is a few words without a full stop in an
    alphabet that the rest of the document doesn't use.
    """
    lines = text.rstrip().split("\n")
    while len(lines) > 1 and _is_link_text(lines[-1], "\n".join(lines[:-1])):
        lines = "\n".join(lines[:-1]).rstrip().split("\n")
    return "\n".join(lines)


def _is_link_text(line: str, rest: str) -> bool:
    bare = line.strip(" .…»›→>[]*_").lower()
    if not bare or line.lstrip().startswith(("#", "-", "*")):
        return False
    if bare in _link_texts():
        return True
    few_words = len(bare.split()) <= _MAX_LINK_WORDS and not line.rstrip().endswith((".", "!", "?"))
    return few_words and not (_scripts(bare) & _scripts(rest[-2000:]))


def _scripts(text: str) -> set[str]:
    """Names of the alphabets in a text: {'LATIN', 'GREEK', …}."""
    letters = {character for character in text if character.isalpha()}
    return {unicodedata.name(letter, "?").split(" ")[0] for letter in letters}
