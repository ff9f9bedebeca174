"""Find what doesn't belong in a document: hidden text, orders to an assistant, scripts, strangers' contacts.

Rules lie in ``suspect.toml``. A passage that holds hidden text or an order is withheld from the index; one with active
content or a contact that isn't the source's own is indexed (pages show it escaped) and reported. A net, not a proof:
what is retrieved is data for the assistant whatever it says.
"""

import base64
import html
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lxml import etree
from lxml import html as lxml_html

from ingest.schema import Problem, SourceMeta

EXCERPT = 60
RULES = Path(__file__).with_name("suspect.toml")
_STARTS = re.compile(r"^\s*(?:#{1,6}\s|[-*+]\s)")
_NUMBER = re.compile(r"\+?\d[\d ().-]{5,18}\d")
_LETTERS = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Something suspicious: from ``start`` to ``end`` of a text, why, and whether its passage is kept out."""

    start: int
    end: int
    why: str
    withhold: bool


@dataclass(frozen=True, slots=True)
class _Rules:
    patterns: tuple[tuple[re.Pattern[str], str, bool], ...]
    encoded: re.Pattern[str]
    encoded_why: str
    contacts: dict[str, Any]
    contact: re.Pattern[str]


def inspect(path: Path, body: str, first_line: int, meta: SourceMeta | None) -> tuple[str, list[Problem]]:
    """A body without the passages to withhold, line for line, and what to report.

    Args:
        path: the file, for the report.
        body: its text below the front matter, before it is cleaned.
        first_line: the line of the file that the body begins with.
        meta: its front matter: links, mail addresses and phone numbers in it are the source's own; None for an FAQ
            entry, whose contacts are those of its sources.
    """
    found = found_in(body, meta)
    if not found:
        return body, []
    withheld = [suspicion for suspicion in found if suspicion.withhold]
    problems = [_problem(path, body, first_line, suspicion) for suspicion in found]
    return without(body, withheld), problems


def found_in(body: str, meta: SourceMeta | None) -> list[Suspicion]:
    """Everything suspicious in a body, contacts that aren't the source's own included, in reading order."""
    found = [*suspicions(body), *(_strange_contacts(body, meta) if meta else ())]
    return sorted(found, key=lambda suspicion: suspicion.start)


def refused(path: Path, text: str, first_line: int = 1) -> Problem | None:
    """The first reason why a text that can't be cut (front matter, an FAQ entry, a question) can't be used."""
    first = next((suspicion for suspicion in suspicions(text) if suspicion.withhold), None)
    return _problem(path, text, first_line, first) if first else None


def suspicions(text: str) -> Iterator[Suspicion]:
    """Everything suspicious in a text but contacts, rule by rule; escaped and line-broken orders are found too."""
    rules = _rules()
    read = _as_read(text)
    for pattern, why, withhold in rules.patterns:
        for match in pattern.finditer(read if len(read) == len(text) else text):
            yield Suspicion(match.start(), match.end(), why, withhold)
    for match in rules.encoded.finditer(text):
        if _reads_as_words(match[0]):
            yield Suspicion(match.start(), match.end(), rules.encoded_why, True)
    for start, stretch in _stretches(text):
        plain = " ".join(_as_read(html.unescape(stretch)).split())
        if plain == stretch.strip():
            continue
        for pattern, why, withhold in rules.patterns:
            if withhold and pattern.search(plain) and not pattern.search(_as_read(stretch)):
                yield Suspicion(start, start + len(stretch), why, True)


def without_hidden(page: str) -> tuple[str, list[int]]:
    """An HTML page without elements that its styles hide, and the lines these stood in."""
    try:
        tree = lxml_html.fromstring(page)
    except (etree.ParserError, ValueError):
        return page, []
    hides = next(pattern for pattern, why, _ in _rules().patterns if "style" in why)
    lines = []
    for element in list(tree.iter(etree.Element)):
        attributes = " ".join(f'{name}="{value}"' for name, value in element.attrib.items())
        opened = f"<{element.tag} {attributes} >"
        if hides.match(opened) and _LETTERS.search(element.text_content()) and element.getparent() is not None:
            lines.append(element.sourceline or 1)
            element.drop_tree()
    return (lxml_html.tostring(tree, encoding="unicode"), lines) if lines else (page, [])


def visible(text: str) -> str:
    """A short excerpt in one line whose invisible characters are spelt out."""
    short = " ".join(text.split())
    short = short if len(short) <= EXCERPT else f"{short[:EXCERPT]}…"
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in short)


def _problem(path: Path, text: str, first_line: int, suspicion: Suspicion) -> Problem:
    line = first_line + text.count("\n", 0, suspicion.start)
    end = "not indexed" if suspicion.withhold else "indexed, shown as plain text"
    words = visible(text[suspicion.start : suspicion.end])
    return Problem(
        path, f"suspicious: {suspicion.why} ({end}): “{words}”", line=line, fatal=suspicion.withhold, suspicious=True
    )


def without(body: str, withheld: Sequence[Suspicion]) -> str:
    """``body`` with the stretches that hold a suspicion emptied; line numbers stay."""
    parts = list(body)
    spans = [(start, start + len(stretch)) for start, stretch in _stretches(body)]
    for suspicion in withheld:
        touched = [(a, b) for a, b in spans if a < suspicion.end and suspicion.start < b]
        for start, end in [*touched, (suspicion.start, suspicion.end)]:
            parts[start:end] = ["\n" if character == "\n" else " " for character in parts[start:end]]
    return "".join(parts)


def _stretches(text: str) -> Iterator[tuple[int, str]]:
    """Headings, bullets and paragraphs with their offsets, as ``ingest.load`` reads them: wrapped lines together."""
    start, place, held = 0, 0, ""
    for line in text.splitlines(keepends=True):
        if held and (not line.strip() or _STARTS.match(line) or held.lstrip().startswith("#")):
            yield start, held
            held = ""
        if line.strip():
            start = start if held else place
            held += line
        place += len(line)
    if held:
        yield start, held


def _strange_contacts(body: str, meta: SourceMeta) -> Iterator[Suspicion]:
    rules = _rules()
    if meta.kind in rules.contacts["kinds"]:
        return
    own = meta.model_dump_json()
    numbers = {_digits(number) for number in (*rules.contacts["reviewed"], *_NUMBER.findall(own))}
    for match in rules.contact.finditer(body):
        words = match[0].strip("]() .,;")
        known = _digits(words) in numbers if match.lastgroup == "phone" else words in own
        if not known:
            yield Suspicion(match.start(), match.end(), str(rules.contacts["why"]), False)


def _as_read(text: str) -> str:
    """``text`` with compatibility letters made plain, where that keeps its length."""
    plain = unicodedata.normalize("NFKC", text)
    return plain if len(plain) == len(text) else text


def _reads_as_words(encoded: str) -> bool:
    padded = encoded.rstrip("=")
    try:
        plain = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True).decode("utf-8")
    except ValueError:
        return False
    return plain.isprintable() and len(_LETTERS.findall(plain)) >= 3 and " " in plain


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


@lru_cache(maxsize=1)
def _rules() -> _Rules:
    data = tomllib.loads(RULES.read_text(encoding="utf-8"))
    contacts = data["contacts"]
    groups = "|".join(f"(?P<{name}>{contacts[name]})" for name in ("link", "mail", "phone"))
    flags = re.IGNORECASE | re.MULTILINE
    return _Rules(
        tuple((re.compile(rule["pattern"], flags), rule["why"], rule.get("withhold", False)) for rule in data["rule"]),
        re.compile(data["encoded"]["pattern"]),
        data["encoded"]["why"],
        contacts,
        re.compile(groups, re.IGNORECASE),
    )
