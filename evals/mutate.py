"""Make true sentences false, one way at a time, to measure how many of them the checks catch."""

import random
import re
from collections.abc import Callable, Iterator

from answer.quantities import quantities

_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_SPELLED = re.compile(
    r"\b(two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|forty|fifty|half|third|quarter)\b",
    re.IGNORECASE,
)
_OTHER_WORD = {"two": "five", "three": "eight", "four": "nine", "five": "two", "six": "three", "seven": "four", "eight": "three",
               "nine": "four", "ten": "thirty", "twelve": "twenty", "twenty": "fifty", "thirty": "ten", "forty": "ninety",
               "fifty": "twenty", "half": "three quarters", "third": "tenth", "quarter": "half"}  # fmt: skip
_NOT = re.compile(r"\b(not|never|cannot|no)\b ?|(?<=[a-z])n['’]t\b", re.IGNORECASE)
_VERB = re.compile(
    r"\b(is|are|was|were|can|could|may|might|should|must|has|had|have|did|does|do|will|would)\b(?! not|n['’]t)"
)
_KETAMINE = re.compile(r"\besketamine(?: nasal spray)?\b|\bspravato\b|\bketamine\b", re.IGNORECASE)
_HEDGE = re.compile(
    r"\b(?:may|might|could)(?: also| well| even| only)?\b|\b(?:suggests?|suggested|appears?|appeared|seems?|seemed)(?: that| to)?\b"
    r"|\b(?:possibly|perhaps|probably|sometimes|often|usually)\b|\bsome\b|\bmany\b|\bmost\b",
    re.IGNORECASE,
)
_THAN = re.compile(
    r"^(?P<head>.*?)\b(?P<one>esketamine|ketamine|spravato|placebo|midazolam|ECT|electroconvulsive therapy|quetiapine|the dummy \w+)\b"
    r"(?P<middle>.*?\b(?:than|versus|vs|against|compared with|compared to|and|but|while)\b.*?)"
    r"\b(?P<two>esketamine|ketamine|spravato|placebo|midazolam|ECT|electroconvulsive therapy|quetiapine|the dummy \w+)\b(?P<tail>.*)$",
    re.IGNORECASE,
)


def mutants(sentence: str, seed: int = 0) -> Iterator[tuple[str, str]]:
    """False twins of a true sentence: (kind, sentence). A kind that the sentence offers no place for is left out."""
    draw = random.Random(f"{seed} {sentence}")
    makers: dict[str, Callable[[str, random.Random], str]] = {
        "number": _other_number,
        "drop not": _without_not,
        "add not": _with_not,
        "drug": _other_drug,
        "arms": _swapped_arms,
        "certainty": _more_certain,
    }
    for kind, make in makers.items():
        mutant = make(sentence, draw)
        if mutant and mutant != sentence:
            yield kind, mutant


def _other_number(sentence: str, draw: random.Random) -> str:
    places = [
        m.span() for m in _DIGITS.finditer(sentence) if any(q.start <= m.start() < q.end for q in quantities(sentence))
    ]
    if not places:
        spelled = [
            m.span()
            for m in _SPELLED.finditer(sentence)
            if any(q.start <= m.start() < q.end for q in quantities(sentence))
        ]
        if not spelled:
            return ""
        start, end = draw.choice(spelled)
        return sentence[:start] + _OTHER_WORD[sentence[start:end].lower()] + sentence[end:]
    start, end = draw.choice(places)
    value = float(sentence[start:end].replace(",", ""))
    others = [value * 2, value + 10, value * 3 + 1, max(value / 2, 1), value + 3]
    known = {round(float(m[0].replace(",", "")), 3) for m in _DIGITS.finditer(sentence)}
    other = draw.choice([o for o in others if round(o, 3) not in known])
    text = f"{other:g}" if other != int(other) else f"{int(other):,}" if other >= 10_000 else str(int(other))
    return sentence[:start] + text + sentence[end:]


def _without_not(sentence: str, draw: random.Random) -> str:
    found = list(_NOT.finditer(sentence))
    if not found:
        return ""
    one = draw.choice(found)
    filler = (
        "some "
        if one[0].lower().startswith("no") and not one[0].lower().startswith("not") and one[0].strip().lower() == "no"
        else ""
    )
    filler = "can " if one[0].strip().lower() == "cannot" else filler
    return sentence[: one.start()] + filler + sentence[one.end() :]


def _with_not(sentence: str, draw: random.Random) -> str:
    found = [
        m
        for m in _VERB.finditer(sentence)
        if not sentence[m.end() :].lower().startswith((" no ", " never", " only", " also not"))
    ]
    if not found or _NOT.search(sentence):
        return ""
    one = draw.choice(found)
    return f"{sentence[: one.end()]} not{sentence[one.end() :]}"


def _other_drug(sentence: str, draw: random.Random) -> str:
    names = {m[0].lower().startswith(("esk", "spra")) for m in _KETAMINE.finditer(sentence)}
    if len(names) != 1:
        return ""
    other = "ketamine" if names.pop() else "esketamine"
    return _KETAMINE.sub(other, sentence)


def _swapped_arms(sentence: str, draw: random.Random) -> str:
    found = _THAN.match(sentence)
    if not found or found["one"].lower() == found["two"].lower():
        return ""
    return f"{found['head']}{found['two']}{found['middle']}{found['one']}{found['tail']}"


def _more_certain(sentence: str, draw: random.Random) -> str:
    found = list(_HEDGE.finditer(sentence))
    if not found:
        return ""
    one = draw.choice(found)
    word = one[0].lower().split()[0]
    certain = {"may": "will", "might": "will", "could": "will", "some": "all", "many": "all", "most": "all", "sometimes": "always",
               "often": "always", "usually": "always", "possibly": "certainly", "perhaps": "certainly", "probably": "certainly"}  # fmt: skip
    if word in certain:
        return sentence[: one.start()] + certain[word] + sentence[one.end() :]
    return (
        sentence[: one.start()]
        + ("proves that" if "that" in one[0].lower() else "is proven to" if " to" in one[0].lower() else "proves")
        + sentence[one.end() :]
    )
