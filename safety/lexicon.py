"""Read the lexicons: phrases that a clinician can review, compiled into fast patterns.

A phrase is a row of words as a person would type them, without apostrophes. Beside plain words it may hold

    die*            any ending                     really?       may be missing
    (want|wish)     one of these                   {person}      one of the list `person` under [words]
    ..              up to four words between       ...           up to eight words between
    /1[5-9]\\d/      a word by pattern (numbers)        ^ and $        the sentence begins, ends here

A gap never jumps over a word of denial nor over the end of a sentence. A rule's `unless` names contexts
(`@past`) or phrases that switch it off. Alternatives may be broken over lines; brackets don't nest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from errors import OperatorError, first_mistake, read_toml
from safety.normalise import KEY_LENGTH, Normaliser, Sentence, fold

Label = Literal[
    "crisis", "emergency", "misuse", "injection", "abuse", "off_topic", "topic", "safe", "ask_your_clinician"
]

RULE_LABELS: tuple[Label, ...] = get_args(Label)

_ELEMENT = re.compile(r"(?P<gap>\.{2,3})(?!\S)|/(?P<raw>[^/ ]+)/|\((?P<group>[^)]*)\)(?P<maybe>\??)|(?P<word>\S+)")
_CLASS = re.compile(r"\{(\w+)\}")
_GAP_WORDS = {"..": 4, "...": 8}
_DENIAL_REACH = 80  # characters before a match in which a denial is looked for


class LexiconError(OperatorError):
    """A lexicon file can't be used; the text names the file and what to change in it."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z_]+$")
    phrases: tuple[str, ...] = Field(min_length=1)
    unless: tuple[str, ...] = ()
    negatable: bool = True


class _ContextEntry(_Entry):
    whole_message: bool = False


class _RuleEntry(_Entry):
    label: Label
    weight: float = Field(default=1.0, gt=0, le=1)
    other: bool = False


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str = Field(pattern=r"^[a-z]{2}$")
    denial: tuple[str, ...] = ()
    denial_filler: tuple[str, ...] = ()
    spelling: dict[str, str] = {}
    fuzzy: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    joined: dict[str, str] = {}
    words: dict[str, tuple[str, ...]] = {}
    context: tuple[_ContextEntry, ...] = ()
    rule: tuple[_RuleEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Phrase:
    """A compiled phrase; a sentence is worth a try when it holds a key out of each of the `anchors`."""

    pattern: re.Pattern[str]
    anchors: tuple[frozenset[str], ...]

    def matches(self, sentence: Sentence) -> Iterator[re.Match[str]]:
        """Where the phrase stands in `sentence`."""
        if any(anchor.isdisjoint(sentence.keys) for anchor in self.anchors):
            return iter(())
        return self.pattern.finditer(sentence.text)


@dataclass(frozen=True, slots=True)
class Matcher:
    """Phrases that mean one thing, with what switches them off."""

    name: str
    phrases: tuple[Phrase, ...]
    unless_phrases: tuple[Phrase, ...]
    unless_contexts: frozenset[str]
    denial: re.Pattern[str] | None

    def found(self, sentence: Sentence, contexts: Set[str]) -> bool:
        """Whether it holds in `sentence`, given the contexts that hold there."""
        return self.said(sentence) and self.allowed(sentence, contexts)

    def said(self, sentence: Sentence) -> bool:
        """Whether one of the phrases stands in `sentence` and isn't denied."""
        return any(self._stands(match) for phrase in self.phrases for match in phrase.matches(sentence))

    def allowed(self, sentence: Sentence, contexts: Set[str]) -> bool:
        """Whether nothing switches it off."""
        if not self.unless_contexts.isdisjoint(contexts):
            return False
        return not any(True for phrase in self.unless_phrases for _ in phrase.matches(sentence))

    def _stands(self, match: re.Match[str]) -> bool:
        return (
            self.denial is None or self.denial.search(match.string, max(0, match.start() - 80), match.start()) is None
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """A matcher that speaks for a label; `other` when it is about somebody else."""

    matcher: Matcher
    label: Label
    weight: float
    other: bool


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language: contexts (of a sentence, of the whole message) and rules."""

    language: str
    sentence_contexts: tuple[Matcher, ...]
    message_contexts: tuple[Matcher, ...]
    rules: tuple[Rule, ...]

    def read(self, sentences: Sequence[Sentence]) -> Iterator[Rule]:
        """The rules that hold in a message; contexts are looked at only where a rule's words stand."""
        said = [(sentence, rule) for sentence in sentences for rule in self.rules if rule.matcher.said(sentence)]
        if not said:
            return
        everywhere = {m.name for s in sentences for m in self.message_contexts if m.found(s, frozenset())}
        contexts = {sentence: self._contexts(sentence, everywhere) for sentence in {s for s, _ in said}}
        for sentence, rule in said:
            if rule.matcher.allowed(sentence, contexts[sentence]):
                yield rule

    def _contexts(self, sentence: Sentence, everywhere: Set[str]) -> set[str]:
        """Contexts of one sentence, in the file's order: a later one may depend on an earlier one."""
        here = set(everywhere)
        for context in self.sentence_contexts:
            if context.found(sentence, here):
                here.add(context.name)
        return here


def read_rules(normaliser: Normaliser, lexicons: Iterable[Lexicon], text: str) -> tuple[Rule, ...]:
    """The rules of all languages that hold in a message, each once."""
    sentences = normaliser.sentences(text)
    return unique(rule for lexicon in lexicons for rule in lexicon.read(sentences))


def unique(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Rules, each once."""
    return tuple({rule.matcher.name: rule for rule in rules}.values())


def weight(rules: Iterable[Rule]) -> float:
    """The weight of rules that hold together: two warning signs can mean what neither means alone."""
    doubt = 1.0
    for rule in rules:
        doubt *= 1 - rule.weight
    return 1 - doubt


def weights(rules: Sequence[Rule]) -> dict[str, float]:
    """The combined weight of the rules of each label."""
    return {label: weight(rule for rule in rules if rule.label == label) for label in RULE_LABELS}


def load_lexicons(folder: Path) -> tuple[Normaliser, tuple[Lexicon, ...]]:
    """Read every `*.toml` in `folder`; a mistake raises `LexiconError` naming the file."""
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise LexiconError(f"{folder}: no lexicon (*.toml) in this folder")
    files = [_read(path) for path in paths]
    normaliser = Normaliser(
        spelling={fold(slip): fold(word) for file in files for slip, word in file.spelling.items()},
        fuzzy=[fold(word) for file in files for word in file.fuzzy],
        masked=[fold(word) for file in files for word in file.masked],
        joined={fold(pair): fold(word) for file in files for pair, word in file.joined.items()},
        vocabulary=_vocabulary(files),
    )
    return normaliser, tuple(_compile(path, file) for path, file in zip(paths, files, strict=True))


def denials(folder: Path) -> dict[str, tuple[str, ...]]:
    """The words that deny, by language; a mistake in a file raises `LexiconError`."""
    return {file.language: file.denial for file in map(_read, sorted(folder.glob("*.toml")))}


def _read(path: Path) -> _File:
    try:
        return _File.model_validate(read_toml(path, LexiconError))
    except ValidationError as error:
        raise LexiconError(f"{path.name}: {first_mistake(error)}") from error


def _vocabulary(files: Iterable[_File]) -> frozenset[str]:
    texts = [phrase for file in files for entry in (*file.rule, *file.context) for phrase in entry.phrases]
    texts += [option for file in files for options in file.words.values() for option in options]
    return frozenset(re.findall(r"[^\W\d_]+", fold(" ".join(texts))))


def _compile(path: Path, file: _File) -> Lexicon:
    compiler = _Compiler(path.name, file)
    return Lexicon(
        language=file.language,
        sentence_contexts=tuple(compiler.matcher(entry) for entry in file.context if not entry.whole_message),
        message_contexts=tuple(compiler.matcher(entry) for entry in file.context if entry.whole_message),
        rules=tuple(Rule(compiler.matcher(e), e.label, e.weight, e.other) for e in file.rule),
    )


class _Compiler:
    """Turns the phrases of one file into patterns."""

    def __init__(self, file_name: str, file: _File) -> None:
        self._file_name = file_name
        self._language = file.language
        self._words: Mapping[str, Sequence[str]] = file.words
        self._context_names = frozenset(entry.name for entry in file.context)
        denials = _either(fold(word) for word in file.denial)
        self._gap = f"(?:(?!{denials} )[^ ]+ )" if file.denial else "(?:[^ ]+ )"
        fillers = _either(fold(word) for word in file.denial_filler)
        self._denial = re.compile(f"(?<![^ ]){denials} (?:{fillers} ){{0,4}}$") if file.denial else None

    def matcher(self, entry: _Entry) -> Matcher:
        contexts = frozenset(item[1:] for item in entry.unless if item.startswith("@"))
        if unknown := contexts - self._context_names:
            raise LexiconError(f"{self._file_name}: rule {entry.name}: no context named {', '.join(sorted(unknown))}")
        return Matcher(
            name=f"{self._language}.{entry.name}",
            phrases=tuple(self._phrase(entry.name, phrase) for phrase in entry.phrases),
            unless_phrases=tuple(self._phrase(entry.name, p) for p in entry.unless if not p.startswith("@")),
            unless_contexts=frozenset(f"{self._language}.{name}" for name in contexts),
            denial=self._denial if entry.negatable else None,
        )

    def _phrase(self, rule: str, phrase: str) -> Phrase:
        plain = fold(self._expand(rule, phrase)).strip()
        pattern, anchors = "^" if plain.startswith("^") else "(?<![^ ])", []
        for element in _ELEMENT.finditer(plain.removeprefix("^").removesuffix("$")):
            if gap := element["gap"]:
                pattern += f"{self._gap}{{0,{_GAP_WORDS[gap]}}}"
                continue
            if raw := element["raw"]:
                pattern += f"(?:{raw}) "
                continue
            word = element["word"] or ""
            options = [word.removesuffix("?")] if word else element["group"].split("|")
            if any(set("(){}^$") & set(option) or ".." in option or not option for option in options):
                raise LexiconError(f"{self._file_name}: rule {rule}: can't read {element[0]!r} in {phrase!r}")
            optional = word.endswith("?") or element["maybe"] == "?"
            pattern += f"(?:{_either(map(_option, options))} )" + ("?" if optional else "")
            if not optional and (keys := _keys(options)):
                anchors.append(keys)
        return Phrase(re.compile(pattern + "$" * plain.endswith("$")), tuple(sorted(anchors, key=len)))

    def _expand(self, rule: str, phrase: str) -> str:
        """Undo line breaks, and put the word lists in the place of their names."""
        phrase = re.sub(r" *\| *", "|", " ".join(phrase.split()))
        while found := _CLASS.search(phrase):
            if found[1] not in self._words:
                raise LexiconError(f"{self._file_name}: rule {rule}: no word list named {found[1]}")
            options = "|".join(self._words[found[1]])
            inside = phrase.rfind("(", 0, found.start()) > phrase.rfind(")", 0, found.start())
            phrase = phrase[: found.start()] + (options if inside else f"({options})") + phrase[found.end() :]
        return phrase


def _option(option: str) -> str:
    """The pattern of one alternative: `/pattern/`, or words, each with `*` for any ending."""
    if option.startswith("/"):
        return option.strip("/")
    return " ".join(re.escape(word).replace(r"\*", "[^ ]*") for word in option.split())


def _either(options: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted(options, key=len, reverse=True)) + ")"


def _keys(options: Iterable[str]) -> frozenset[str]:
    """Keys of the first words, or nothing when a stem is too short to be looked up."""
    firsts = [option.split()[0] for option in options]
    if any(word.startswith("/") or (word.endswith("*") and len(word) <= KEY_LENGTH) for word in firsts):
        return frozenset()
    return frozenset(word.removesuffix("*")[:KEY_LENGTH] for word in firsts)
