"""Hold a translated sentence against its English one: figures, units, names and denials have to be the same.

Rules and word lists only (``faithful.toml``): they see that a figure changed or a "not" is gone, not whether the rest
means the same. Where in doubt a sentence fails, and the reader sees the English one.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from errors import OperatorError, first_mistake, read_toml
from ingest.vocabulary import Term, Vocabulary
from safety.lexicon import denials
from settings import ROOT

RULES = Path(__file__).with_name("faithful.toml")
LEXICONS = ROOT / "safety" / "lexicons"
ENGLISH = "en"
LENGTHS = (0.5, 2.2)
NAMED_KINDS = frozenset(["drug", "scale"])
SHORTEST_NAME = 4
STEM_CUT = 3
LONGEST_SIGN = 2

_TOKEN = re.compile(r"\d+(?:[.,٫٬\u00a0\u202f]\d+)*|[^\W\d_]+|[%٪$£€µ]+")
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER_LINE = [*range(2, 21), *range(30, 100, 10), 100, 1000]
_GROUPED = re.compile(r"\d{1,3}(?:[.٬\u00a0\u202f]\d{3})+(?:[,٫]\d+)?")
_ENGLISH_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_PART = re.compile(r"\b(?:a|one)[ -](third|quarter)\b", re.IGNORECASE)
_END = re.compile(r"[.!؟。]['\"”’»)\]]*$")
_NOT_PLAIN = re.compile(r"https?:|www\.|</?\w|\]\(|[{}|@<>\[\]#*_]|\w\.(?:com|org|net|de|fr|es|it|gr|pt)\b")
_SPELLINGS = (("ph", "f"), ("th", "t"), ("qu", "k"), ("c", "k"), ("y", "i"), ("z", "s"), ("h", ""))
_DOUBLED = re.compile(r"(.)\1+")
_GREEK = dict(zip("αβγδεζηθικλμνξοπρσςτυφχψω", "abgdesitiklmnxoprsstifkpo", strict=True))


class FaithfulError(OperatorError):
    """The word lists can't be used; the message names the file and what is wrong with it."""


class _Language(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    numbers: str
    also: dict[str, float]
    maybe: dict[str, float]
    units: dict[str, list[str]]
    denial: list[str]
    answering: list[str] = []
    names: dict[str, list[str]] = {}


@dataclass(frozen=True, slots=True)
class _Figures:
    """The numbers of a sentence: those that need a counterpart, with their units, and those that may be one."""

    needed: Counter[tuple[float, str]]
    spare: Counter[float]
    per_kilogram: bool


class Faithful:
    """Checks translations into the languages that there are word lists for; safe to share between threads."""

    def __init__(self, vocabulary: Vocabulary, denying: Mapping[str, Iterable[str]], path: Path = RULES) -> None:
        """Read the word lists.

        Args:
            vocabulary: names of drugs and scales.
            denying: words that deny, by language.
            path: the lists.

        Raises:
            FaithfulError: the file is missing or malformed, or a list of it.
        """
        try:
            data = read_toml(path, FaithfulError)
            lists = TypeAdapter(dict[str, _Language]).validate_python(data)
            self._words = {code: _Words(row, denying.get(code, ())) for code, row in lists.items()}
            self._english = self._words.pop(ENGLISH)
        except ValidationError as error:
            raise FaithfulError(f"{path.name}: {first_mistake(error)}") from error
        except KeyError as error:
            raise FaithfulError(f"{path.name}: lacks [{ENGLISH}]") from error
        self._vocabulary = vocabulary

    @classmethod
    def load(cls, vocabulary: Vocabulary) -> "Faithful":
        """With the denials of the triage's lexicons; raises what the constructor does, and ``LexiconError``."""
        return cls(vocabulary, denials(LEXICONS))

    @property
    def languages(self) -> dict[str, str]:
        """The languages that can be checked, and their English names."""
        return {code: words.name for code, words in self._words.items()}

    def keeps_numbers(self, text: str, english: str, language: str) -> bool:
        """True when the figures written in digits are the same in both."""
        return _digits(text, self._words[language]) == _digits(english, self._english)

    def failure(self, english: str, translated: str, language: str) -> str:
        """The name of the first check that a translation fails; nothing when it passes all."""
        words = self._words[language]
        checks: dict[str, Callable[[], bool]] = {
            "form": lambda: _is_plain(english, translated),
            "length": lambda: LENGTHS[0] <= len(translated) / len(english) <= LENGTHS[1],
            "numbers": lambda: _same_figures(self._english.figures(english), words.figures(translated)),
            "names": lambda: self._same_names(english, translated, words),
            "negation": lambda: self._same_denial(english, translated, words),
        }
        return next((name for name, passes in checks.items() if not passes()), "")

    def _same_denial(self, english: str, translated: str, words: "_Words") -> bool:
        """A denial is kept, by a word that denies or one that may stand for it, and none is added."""
        if self._english.denies(english):
            return words.denies(translated) or words.answers(translated)
        return not words.denies(translated)

    def _same_names(self, english: str, translated: str, words: "_Words") -> bool:
        """Every medicine and scale that the English sentence names is named, and no other."""
        mentions = [m for m in self._vocabulary.mentions(english) if m.term.kind in NAMED_KINDS]
        keys = [_key(token) for token in _TOKEN.findall(translated)]
        said = {token.lower() for token in _TOKEN.findall(english)}
        if any(not words.names_it(m.term, keys) for m in mentions if _is_international(m.term, said)):
            return False
        signs = {sign for m in mentions if m.term.kind == "scale" for sign in _signs(english, m.term)}
        if any(sign not in translated for sign in signs):
            return False
        names = {m.term.name for m in mentions} | words.named([_key(word) for word in said], self._drugs())
        return words.named(keys, self._drugs()) <= names.union(*(self._vocabulary.ancestors(name) for name in names))

    @lru_cache(maxsize=1)  # noqa: B019  (one of these lives as long as the process)
    def _drugs(self) -> Mapping[str, str]:
        """Names of medicines by the beginning that languages share."""
        terms = (t for t in self._vocabulary.terms.values() if t.kind == "drug" and t.name.isalpha())
        return {_key(term.name)[:-2]: term.name for term in terms if len(term.name) >= SHORTEST_NAME + STEM_CUT}


def _is_international(term: Term, said: Container[str]) -> bool:
    """True for a medicine said by a name of one word that languages share; "blood thinner" has other words
    everywhere."""
    if term.kind != "drug" or not term.name.isalpha():
        return False
    return any(word in said for word in (term.name, *term.words))


def _signs(text: str, term: Term) -> Iterator[str]:
    """The abbreviations of a scale that a text uses: "MADRS"."""
    short = {word.upper() for name in (term.name, *term.words) for word in _WORD.findall(name)}
    yield from (word for word in _WORD.findall(text) if word.isupper() and len(word) > LONGEST_SIGN and word in short)


class _Words:
    """The word lists of one language, ready for use."""

    def __init__(self, row: _Language, denying: Iterable[str]) -> None:
        self.name = row.name
        line = dict(zip(row.numbers.split(), _NUMBER_LINE, strict=False))
        self._numbers = {_fold(word): float(value) for word, value in (line | row.also).items()}
        self._maybe = {_fold(word): float(value) for word, value in row.maybe.items()}
        self._units = [(_fold(start), unit) for unit, starts in row.units.items() for start in starts]
        self._denials = {word.lower() for word in (*denying, *row.denial)}
        self._answering = tuple(word.lower() for word in row.answering)
        self._names = {name: {_key(word) for word in words} for name, words in row.names.items()}
        self._is_english = "third" in self._maybe

    def figures(self, text: str) -> _Figures:
        """All numbers of a text, in digits and words."""
        tokens = self._tokens(text)
        needed: Counter[tuple[float, str]] = Counter()
        spare: Counter[float] = Counter()
        for place, token in enumerate(tokens):
            value, unit = self._value(token), self._unit(tokens[place + 1 :])
            if not unit and place and tokens[place - 1] in ("$", "£", "€"):
                unit = self._unit([tokens[place - 1]])
            if value is None:
                value, unit = self._joined(token)
            if value is None:
                continue
            if token in self._maybe:
                spare[value] += 1
            else:
                needed[value, unit] += 1
        kilogram = any(self._unit([token]) == "kg" for token in tokens if not token[:1].isdigit())
        return _Figures(needed, spare, kilogram)

    def digits(self, text: str) -> Iterator[float]:
        """The numbers written in digits."""
        yield from (number(token, english=self._is_english) for token in self._tokens(text) if token[:1].isdigit())

    def denies(self, text: str) -> bool:
        """True when a word of the text denies."""
        plain = text.lower().replace("’", "'")
        plain = plain.replace("n't", "nt") if self._is_english else plain
        said = f" {' '.join(_WORD.findall(plain))} "
        return any(f" {word} " in said for word in self._denials)

    def answers(self, text: str) -> bool:
        """True when a word may stand for an English denial."""
        said = f" {text.lower()}"
        return any(f" {word}" in said for word in self._answering)

    def names_it(self, term: Term, keys: Iterable[str]) -> bool:
        """True when one of the words is a name of a term: as the language writes it, or much like the English one."""
        own = self._names.get(term.name, set())
        written = [_key(word) for word in (term.name, *term.words) if " " not in word]
        stems = [key[:-STEM_CUT] if len(key) > SHORTEST_NAME + STEM_CUT else key for key in written]
        return any(key in own or key.startswith(tuple(own)) or key.startswith(tuple(stems)) for key in keys)

    def named(self, keys: Iterable[str], drugs: Mapping[str, str]) -> set[str]:
        """The medicines that words name, by the beginnings that languages share."""
        starts = tuple(drugs)
        found = (key for key in keys if key.startswith(starts))
        longest = (max((start for start in starts if key.startswith(start)), key=len) for key in found)
        return {drugs[start] for start in longest}

    def _tokens(self, text: str) -> list[str]:
        if self._is_english:
            text = _PART.sub(r"\1s", text)
        return [_fold(token) for token in _TOKEN.findall(text)]

    def _value(self, token: str) -> float | None:
        if token[:1].isdigit():
            return number(token, english=self._is_english)
        return self._numbers.get(token, self._maybe.get(token))

    def _joined(self, token: str) -> tuple[float | None, str]:
        """Number and unit in one word: "vierwöchig"."""
        for word, value in self._numbers.items():
            if token.startswith(word) and len(token) > len(word) and (unit := self._unit([token[len(word) :]])):
                return value, unit
        return None, ""

    def _unit(self, tokens: list[str]) -> str:
        """The unit that stands at the head of some words."""
        head = " ".join(tokens[:2])
        for start, unit in self._units:
            whole = start.isascii() and len(start) <= LONGEST_SIGN
            if head.startswith(start) and (not whole or head.split(" ")[0] in (start, f"{start}s")):
                return unit
        return ""


def number(token: str, *, english: bool) -> float:
    """A number in digits, with the language's signs for thousands and decimals."""
    grouped = _ENGLISH_GROUPED if english else _GROUPED
    if grouped.fullmatch(token):
        token = re.sub(r"[,]" if english else r"[.٬\u00a0\u202f]", "", token)
    try:
        return float(re.sub(r"[,٫]", ".", token))
    except ValueError:
        return -1.0


def _digits(text: str, words: _Words) -> Counter[float]:
    return Counter(words.digits(text))


def _same_figures(english: _Figures, translated: _Figures) -> bool:
    """The same figures with the same units, as often; words that may mean a number answer for one that is missing."""
    missing, added = english.needed - translated.needed, translated.needed - english.needed
    for value, unit in list(added):
        # "Aged 60" is "60 years old" in most languages.
        if unit == "year" and missing[value, ""]:
            missing[value, ""] -= 1
            added[value, unit] -= 1
    return (
        _values(missing) <= translated.spare
        and _values(added) <= english.spare
        and english.per_kilogram == translated.per_kilogram
    )


def _values(figures: Counter[tuple[float, str]]) -> Counter[float]:
    found: Counter[float] = Counter()
    for (value, _), count in figures.items():
        found[value] += count
    return found


def _is_plain(english: str, translated: str) -> bool:
    """One whole sentence, not the English one, without links or markup, and no question."""
    whole = bool(_END.search(translated)) or not _END.search(english)
    return whole and translated != english and not _NOT_PLAIN.search(translated) and "?" not in translated


def _fold(text: str) -> str:
    """Small letters without accents."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).replace("ς", "σ")


def _key(word: str) -> str:
    """A word as many languages would spell it: "psilocybine" and "psilocibina" begin alike."""
    key = "".join(_GREEK.get(letter, letter) for letter in _fold(word))
    for written, plain in _SPELLINGS:
        key = key.replace(written, plain)
    return _DOUBLED.sub(r"\1", key)
