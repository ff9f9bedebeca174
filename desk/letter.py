"""Take a patient's e-mail apart: its own words without quoted mail and signature, and the questions in them.

The patterns lie in ``letter.toml``. Nothing is judged or looked up here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from errors import OperatorError, read_toml
from ingest.split import sentences

RULES = Path(__file__).with_name("letter.toml")
WRAPPED = 55
"""A line at least this long without an end of its own goes on in the next one."""

MOST_BEHIND_CLOSING = 800
LONGEST_NAME_LINE = 40
LONGEST_CONTEXT = 400
FEWEST_WORDS = 3
_ENDS = re.compile(r"[.!?:;…؟؛？。]['\"”’)\]]*$")
_ITEM = re.compile(r"^(?:[-*•–]|\(?(?:\d{1,2}|[a-h])[.)])\s+")
_ASKED = re.compile(r"(?<=[?؟？])\s+|(?<=[:;,])\s+(?=\(?(?:\d{1,2}|[a-h])\)\s)|(?<=[?？؟])(?=[^\s\"”’')\]?!])")
_GREEK = re.compile(r"[\u0370-\u03ff]")
_CONDITION = re.compile(r"\s*(?:(?:and|but|or) )?if \S+(?: \S+){0,5}\s*$", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\u00a0\u202f]+")


class LetterRulesError(OperatorError):
    """``letter.toml`` can't be used; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A question of a mail, as it stands there.

    ``asked`` is it without what only introduces it ("I wonder whether"). ``context`` is the sentence before it that it
    needs: whole, where the question points back ("Is that true?"), or only what that sentence names, then ``about``.
    """

    text: str
    asked: str
    context: str = ""
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """A sentence of a mail; ``listed`` where it is an item below a line that announces questions (``announces``)."""

    text: str
    listed: bool = False
    announces: bool = False


class Reader:
    """Reads mails by one set of rules; loaded once, safe to share between threads."""

    def __init__(self, rules: dict[str, Any]) -> None:
        """Compile the rules; a missing entry raises ``KeyError``, a bad pattern ``re.error``."""
        quoted, signature, asks = rules["quoted"], rules["signature"], rules["asks"]
        joins = "|".join(asks["joins"])
        more = rf"(?:\s*[,;]\s*(?:(?:{joins})\s+){{0,2}}|\s+(?:(?:{joins})\s+){{1,2}})(?="
        self._announced = [re.compile(pattern, re.I | re.M) for pattern in quoted["announced"]]
        self._rest_quoted = _any(quoted["to_the_end"])
        self._starts, self._added = _any(signature["starts"]), _any(signature["added"])
        self._closing = re.compile(
            rf"^[^\w\n]*(?:{'|'.join(signature['closings'])})[\s,.!–-]*(?P<name>.{{0,{LONGEST_NAME_LINE}}})$",
            re.I | re.M,
        )
        self._goes_on = _any(signature["goes_on"])
        self._cues, self._pleasantries = _any(asks["cues"]), _any(asks["pleasantries"])
        self._opens = re.compile(rf"^(?:{'|'.join(asks['onset'])})", re.I)
        self._more = re.compile(rf"{more}(?:{'|'.join(asks['onset'])}))", re.I)
        self._more_told = re.compile(rf"{more}(?:{'|'.join(asks['onset'] + asks['onset_told'])}))", re.I)
        self._leads = re.compile(rf"^(?:{'|'.join(asks['leads'])})", re.I)
        self._before_cue = re.compile(rf"(?:(?:{'|'.join(asks['before_cue'])})\W*)*", re.I)
        self._after_cue = re.compile(rf"^\W*(?:{'|'.join(asks['after_cue'])})*\W*", re.I)
        self._announces = _any(asks["announces"])
        self._back = re.compile(asks["points_back"], re.I)
        self._softly_back = re.compile(asks["points_back_softly"], re.I)

    def own_words(self, mail: str) -> str:
        """The mail without earlier mail quoted in it, signature and lines that mail programs add."""
        return self._signed(self._unquoted(_tidy(mail)))[0]

    def signature(self, mail: str) -> str:
        """The closing and what stands behind it; empty without one."""
        return self._signed(self._unquoted(_tidy(mail)))[1]

    def behind_closing(self, line: str) -> str:
        """What stands behind "Kind regards," on its line; the whole line where it is no closing."""
        found = self._closing.match(line)
        return found["name"] if found else line

    def sentences(self, text: str) -> list[str]:
        """The sentences of a text, list items and headings on lines of their own included."""
        return [part.text for part in self._parts(text)]

    def questions(self, mail: str, names: Callable[[str], frozenset[str]]) -> list[Found]:
        """What the mail asks, in order, each thing once.

        Args:
            mail: plain text.
            names: the names of the field (conditions, medicines …) in a sentence; what the sentence before a question
                names and the question doesn't belongs to what is asked.
        """
        found: dict[str, Found] = {}
        before = ""
        for part in self._parts(self.own_words(mail)):
            asked = self._asked(part)
            for text in asked:
                found.setdefault(text.casefold(), self._found(text, before, names))
                before = text
            before = part.text if not asked else before
        return list(found.values())

    def _found(self, text: str, before: str, names: Callable[[str], frozenset[str]]) -> Found:
        """A question with what it needs of the sentence before it."""
        asked = self._without_cue(text)
        if len(before.split()) < FEWEST_WORDS or len(before) > LONGEST_CONTEXT:
            return Found(text, asked)
        named, named_before = names(text), names(before)
        if self._back.search(asked) or (not named and self._softly_back.search(asked)):
            return Found(text, asked, before)
        about = named_before - named if not self._is_question(before) else ()
        return Found(text, asked, before, tuple(sorted(about))) if about else Found(text, asked)

    def _without_cue(self, text: str) -> str:
        """A sentence without the cue it asks by, where enough is left behind it."""
        cue = self._cues.search(text)
        introduces = cue and self._before_cue.fullmatch(text[: cue.start()])
        left = self._after_cue.sub("", text[cue.end() :]) if cue and introduces else ""
        return left if len(left.split()) >= FEWEST_WORDS else text

    def _unquoted(self, mail: str) -> str:
        if rest := self._rest_quoted.search(mail):
            mail = mail[: rest.start()]
        for pattern in self._announced:
            for found in reversed(list(pattern.finditer(mail))):
                behind = mail[found.end() :].lstrip()
                # Marked lines are dropped one by one: an answer may stand between them.
                mail = mail[: found.start()] + (mail[found.end() :] if behind.startswith(">") else "")
        return "\n".join(line for line in mail.split("\n") if not line.lstrip().startswith(">"))

    def _signed(self, mail: str) -> tuple[str, str]:
        """(what is said, the signature); what follows a postscript's mark belongs to what is said."""
        mail = "\n".join(line for line in mail.split("\n") if not self._added.match(line))
        ends = [found.start() for found in self._starts.finditer(mail)]
        ends += [found.start() for found in self._closings(mail)][-1:]
        if not ends:
            return mail.strip(), ""
        said, signed = mail[: min(ends)], mail[min(ends) :]
        if more := self._goes_on.search(signed):
            said, signed = f"{said}\n{signed[more.start() :]}", signed[: more.start()]
        return said.strip(), signed.strip()

    def _closings(self, mail: str) -> Iterator[re.Match[str]]:
        for found in self._closing.finditer(mail):
            is_name = "?" not in found["name"] and all(_is_name_like(word) for word in found["name"].split())
            if is_name and mail[: found.start()].strip() and len(mail) - found.end() <= MOST_BEHIND_CLOSING:
                yield found

    def _parts(self, text: str) -> Iterator[_Part]:
        listed = False
        lines = list(_lines(text))
        for line, following in zip(lines, [*lines[1:], ""], strict=False):
            item = _ITEM.match(line)
            listed = bool(item) and listed
            pieces = list(_pieces(line[item.end() :] if item else line))
            announces = not item and bool(_ITEM.match(following)) and bool(self._announces.search(line))
            for place, piece in enumerate(pieces, start=1):
                yield _Part(piece, listed, announces and place == len(pieces))
            listed = listed or announces

    def _asked(self, part: _Part) -> list[str]:
        """The single questions of a sentence; none when it asks nothing."""
        text = self._without_leads(part.text)
        by_cue = bool(self._cues.search(text))
        asks = part.listed or self._is_question(text)
        if part.announces or not asks or self._pleasantries.search(text):
            return []
        pieces = _divided(text, self._more_told if by_cue else self._more)
        if len(pieces) > 1 and not part.listed and not self._is_question(self._without_leads(pieces[0])):
            # "He takes quetiapine, would that matter?": what stands before belongs to the question.
            pieces = [text[: text.index(pieces[1]) + len(pieces[1])], *pieces[2:]]
        told = [self._without_leads(piece) for piece in pieces]
        return [piece for piece in told if any(map(str.isalpha, piece)) and not self._pleasantries.search(piece)]

    def _is_question(self, text: str) -> bool:
        marked = "?" in text or "؟" in text or "？" in text or (";" in text and bool(_GREEK.search(text)))
        return marked or bool(self._cues.search(text)) or bool(self._opens.match(text))

    def _without_leads(self, text: str) -> str:
        while (found := self._leads.match(text)) and found.end() < len(text):
            text = text[found.end() :]
        return text.strip()


@lru_cache(maxsize=1)
def reader() -> Reader:
    """The project's rules, read once a process.

    Raises:
        LetterRulesError: the file is missing or not TOML, lacks an entry, or holds a bad pattern.
    """
    try:
        return Reader(read_toml(RULES, LetterRulesError))
    except KeyError as error:
        raise LetterRulesError(f"{RULES.name}: lacks {error}") from error
    except re.error as error:
        raise LetterRulesError(f"{RULES.name}: not a pattern: {error.pattern!r}: {error}") from error


def _any(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE | re.MULTILINE)


def _tidy(mail: str) -> str:
    return "\n".join(_SPACES.sub(" ", line).rstrip() for line in mail.splitlines())


def _is_name_like(word: str) -> bool:
    """True for what may stand behind "Thanks," on its line: a name or its placeholder."""
    return word[:1].isupper() or word[:1] in "[(" or word.rstrip("]").isdigit() or not word[:1].isalpha()


def _lines(text: str) -> Iterator[str]:
    """The lines of a text, with those joined that a mail program broke."""
    held = ""
    for line in (line.strip() for line in text.split("\n")):
        goes_on = len(held.rsplit("\n", 1)[-1]) >= WRAPPED and not _ENDS.search(held)
        if held and line and goes_on and not _ITEM.match(line):
            held = f"{held}\n{line}"
            continue
        if held:
            yield held.replace("\n", " ")
        held = line
    if held:
        yield held.replace("\n", " ")


def _pieces(line: str) -> Iterator[str]:
    """The sentences of a line, also of languages whose question marks the splitter doesn't know."""
    marked = re.sub(r"(?<=\w);\s+", "; \n", line) if _GREEK.search(line) else line
    for stretch in (part for piece in marked.split("\n") for part in _ASKED.split(piece)):
        yield from (piece.strip() for piece in sentences(stretch) if piece.strip())


def _divided(text: str, at: re.Pattern[str]) -> list[str]:
    pieces, start = [], 0
    for found in at.finditer(text):
        # "If not, how long …": a condition alone asks nothing.
        alone = _CONDITION.match(text[start : found.start()])
        if found.start() > start and not alone:
            pieces.append(text[start : found.start()])
            start = found.end()
    return [piece.strip() for piece in [*pieces, text[start:]]]
