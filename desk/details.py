"""What identifies a patient in a pasted mail: hidden behind placeholders, and put back into what is copied.

Nothing here is stored; who holds the mail holds the key. Beside what ``safety/privacy.py`` finds anywhere, a mail has a
signature, and a name found once is hidden wherever it stands.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from desk.letter import Reader
from safety.privacy import Identifier, Redacted, restore

SHORTEST_PART = 4
MOST_NAME_WORDS = 4
_PLACEHOLDER = re.compile(r"\[[a-z ]+(?: \d+)?\]")
_WORD = re.compile(r"[^\W\d_]+")
_TITLE = re.compile(r"^(?:mr|mrs|ms|miss|dr|prof|rn|md|phd)\.?$", re.IGNORECASE)
Redact = Callable[[str], Redacted]


@dataclass(frozen=True, slots=True)
class Hidden:
    """A mail with placeholders: ``text``; ``original`` and ``found`` are the key, for the one session that has it.

    ``signed`` is the placeholder of the name in the signature, empty without one.
    """

    text: str
    original: str = field(repr=False)
    found: tuple[Identifier, ...] = ()
    signed: str = ""

    def put_back(self, text: str) -> str:
        """``text`` with the words that the placeholders stand for."""
        return restore(text, self.original, self.found)

    def without_placeholders(self, text: str) -> str:
        """``text`` without them: a question to look up needs no "[name]"."""
        own = {identifier.placeholder for identifier in self.found}
        kept = _PLACEHOLDER.sub(lambda place: "" if place[0] in own else place[0], text)
        return re.sub(r"\s+([,.;:?!])", r"\1", " ".join(kept.split()))


def hide(mail: str, redact: Redact, reader: Reader) -> Hidden:
    """The mail with a placeholder for each identifier."""
    first = redact(mail)
    spans = [(found.start, found.end, found.kind) for found in first.found]
    signed = list(_signed_names(mail, reader))
    spans += [(start, end, "name") for start, end in signed if _is_free(start, end, spans)]
    spans += _repeats(mail, spans)
    spans.sort()
    placeholders = _named(mail, spans)
    found = tuple(Identifier(kind, start, end, placeholders[mail[start:end]]) for start, end, kind in spans)
    return Hidden(_replaced(mail, found), mail, found, _writer(mail, found, signed))


def _writer(mail: str, found: Sequence[Identifier], signed: Sequence[tuple[int, int]]) -> str:
    """The placeholder of the name that the mail is signed with, or that it ends with."""
    for name in (one for one in found if one.kind == "name"):
        in_signature = any(name.start < end and name.end > start for start, end in signed)
        if in_signature or not mail[name.end :].strip(" .!\n"):
            return name.placeholder
    return ""


def _signed_names(mail: str, reader: Reader) -> Iterator[tuple[int, int]]:
    """The place of what stands in a signature like a name: in its first line that has few words, with capitals."""
    signature = reader.signature(mail)
    start = mail.rfind(signature.split("\n")[0]) if signature else -1
    if start < 0:
        return
    for line in re.finditer(r"[^\n]+", mail[start:][: len(signature) + SHORTEST_PART]):
        told = reader.behind_closing(line[0])
        begin = start + line.end() - len(told)
        words = [word for word in re.finditer(r"[^\s,|]+", told) if not _TITLE.match(word[0])]
        if words and len(words) <= MOST_NAME_WORDS and all(_is_name_word(word[0]) for word in words):
            yield begin + words[0].start(), begin + words[-1].end()
            return


def _is_name_word(word: str) -> bool:
    bare = word.strip(".'’-")
    return bool(bare) and bare[0].isalpha() and (bare[0].isupper() or not bare[0].islower()) and "@" not in word


def _repeats(mail: str, spans: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The other places where a name found once, or a longer part of it, stands."""
    parts = {
        word[0]
        for start, end, kind in spans
        if kind == "name"
        for word in _WORD.finditer(mail[start:end])
        if len(word[0]) >= SHORTEST_PART and word[0][0].isupper()
    }
    if not parts:
        return []
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(parts)))})(?!\w)")
    found = ((place.start(), place.end()) for place in pattern.finditer(mail))
    return [(start, end, "name") for start, end in found if _is_free(start, end, spans)]


def _is_free(start: int, end: int, spans: Iterable[tuple[int, int, str]]) -> bool:
    return all(end <= taken or start >= until for taken, until, _ in spans)


def _named(mail: str, spans: Sequence[tuple[int, int, str]]) -> dict[str, str]:
    """A placeholder for each different word, none that the mail itself holds: [name], [name 2] …"""
    used = set(_PLACEHOLDER.findall(mail))
    placeholders: dict[str, str] = {}
    for start, end, kind in spans:
        if (words := mail[start:end]) not in placeholders:
            numbered = itertools.chain([f"[{kind}]"], (f"[{kind} {number}]" for number in itertools.count(2)))
            placeholders[words] = next(name for name in numbered if name not in used)
            used.add(placeholders[words])
    return placeholders


def _replaced(mail: str, found: Sequence[Identifier]) -> str:
    parts, done = [], 0
    for identifier in found:
        parts += [mail[done : identifier.start], identifier.placeholder]
        done = identifier.end
    return "".join([*parts, mail[done:]])
