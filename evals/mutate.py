"""Make true sentences false, one way at a time, to measure how many of them the checks catch.

A change that would leave a sentence as true as before isn't made: groups joined by a plain "and" are not exchanged,
nor those of a comparison that found no difference.
"""

import random
import re
from collections.abc import Callable, Iterator

from answer.quantities import quantities

_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_OTHER_WORD = {
    "two": "five",
    "three": "eight",
    "four": "nine",
    "five": "two",
    "six": "three",
    "seven": "four",
    "eight": "three",
    "nine": "four",
    "ten": "thirty",
    "twelve": "twenty",
    "twenty": "fifty",
    "thirty": "ten",
    "forty": "ninety",
    "fifty": "twenty",
    "half": "three quarters",
    "third": "tenth",
    "quarter": "half",
}
_SPELLED = re.compile(rf"\b({'|'.join(_OTHER_WORD)})\b", re.IGNORECASE)
# Not the "no" of "No, it …", of "few or no" and of "yes-or-no".
_NOT = re.compile(r"\b(not|never|cannot|no)\b(?! only|,|-)(?<!or no)(?<!-no) ?|(?<=[a-z])n['’]t\b", re.IGNORECASE)
_VERB = re.compile(
    r"\b(is|are|was|were|can|could|may|might|should|must|has|had|have|did|does|do|will|would)\b(?! not|n['’]t)"
)
_NEGATED_BEHIND = (" no ", " never", " only", " also not")
_KETAMINE = re.compile(
    r"\bs-ketamine\b|\b(?:s-)?esketamine(?: nasal spray)?\b|\bspravato\b|\bketamine\b", re.IGNORECASE
)
_HEDGE = re.compile(
    r"\b(?:may|might|could)(?: also| well| even| only)?\b"
    r"|\b(?:suggests?|suggested|appears?|appeared|seems?|seemed)(?: that| to)?\b"
    r"|\b(?:possibly|perhaps|probably|sometimes|often|usually)\b|(?<!at )\bsome\b(?! \d)|\bmany\b|(?<!at )\bmost\b",
    re.IGNORECASE,
)
_CERTAIN = {
    "may": "will",
    "might": "will",
    "could": "will",
    "some": "all",
    "many": "all",
    "most": "all",
    "sometimes": "always",
    "often": "always",
    "usually": "always",
    "possibly": "certainly",
    "perhaps": "certainly",
    "probably": "certainly",
}
_ARM = r"esketamine|ketamine|spravato|placebo|midazolam|ECT|electroconvulsive therapy|quetiapine|the dummy \w+"
_ARMS = re.compile(
    rf"^(?P<head>.*?)\b(?P<one>{_ARM})\b"
    r"(?P<middle>.*?\b(?:than|versus|vs|against|compared with|compared to|and|but|while)\b.*?)"
    rf"\b(?P<two>{_ARM})\b(?P<tail>.*)$",
    re.IGNORECASE,
)
_JOINED = re.compile(r"^ (?:and|or)(?: of| with)? $", re.IGNORECASE)
_ALIKE = re.compile(r"\b(?:same|similar|similarly|alike|equal|equally|differ|difference|as \w+ as)\b", re.IGNORECASE)


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
    amounts = [range(amount.start, amount.end) for amount in quantities(sentence)]
    places = [found for found in _DIGITS.finditer(sentence) if any(found.start() in inside for inside in amounts)]
    if places:
        return _other_digits(sentence, draw.choice(places), draw)
    places = [found for found in _SPELLED.finditer(sentence) if any(found.start() in inside for inside in amounts)]
    if not places:
        return ""
    one = draw.choice(places)
    return sentence[: one.start()] + _OTHER_WORD[one[0].lower()] + sentence[one.end() :]


def _other_digits(sentence: str, found: re.Match[str], draw: random.Random) -> str:
    value = float(found[0].replace(",", ""))
    others = [value * 2, value + 10, value * 3 + 1, max(value / 2, 1), value + 3]
    known = {round(float(number[0].replace(",", "")), 3) for number in _DIGITS.finditer(sentence)}
    other = draw.choice([other for other in others if round(other, 3) not in known])
    text = f"{other:g}" if other != int(other) else f"{int(other):,}" if other >= 10_000 else str(int(other))
    return sentence[: found.start()] + text + sentence[found.end() :]


def _without_not(sentence: str, draw: random.Random) -> str:
    found = list(_NOT.finditer(sentence))
    if not found:
        return ""
    one = draw.choice(found)
    if one[0].lower().endswith("t") and sentence[: one.start()].lower().endswith(("ca", "wo")):
        verb = {"ca": "can", "wo": "will"}[sentence[one.start() - 2 : one.start()].lower()]
        return sentence[: one.start() - 2] + verb + sentence[one.end() :]
    instead = {"no": "some ", "cannot": "can "}.get(one[0].strip().lower(), "")
    return sentence[: one.start()] + instead + sentence[one.end() :]


def _with_not(sentence: str, draw: random.Random) -> str:
    found = [
        verb for verb in _VERB.finditer(sentence) if not sentence[verb.end() :].lower().startswith(_NEGATED_BEHIND)
    ]
    if not found or _NOT.search(sentence):
        return ""
    one = draw.choice(found)
    return f"{sentence[: one.end()]} not{sentence[one.end() :]}"


def _other_drug(sentence: str, draw: random.Random) -> str:
    named = {found[0].lower() == "ketamine" for found in _KETAMINE.finditer(sentence)}
    if len(named) != 1:
        return ""
    return _KETAMINE.sub("esketamine" if named.pop() else "ketamine", sentence)


def _swapped_arms(sentence: str, draw: random.Random) -> str:
    found = _ARMS.match(sentence)
    if not found or found["one"].lower() == found["two"].lower():
        return ""
    if _JOINED.match(found["middle"]) or (
        _ALIKE.search(sentence) and not _DIGITS.search(found["middle"] + found["tail"])
    ):
        return ""
    return f"{found['head']}{found['two']}{found['middle']}{found['one']}{found['tail']}"


def _more_certain(sentence: str, draw: random.Random) -> str:
    found = list(_HEDGE.finditer(sentence))
    if not found:
        return ""
    one = draw.choice(found)
    word, *behind = one[0].lower().split()
    proven = "proves that" if "that" in behind else "is proven to" if "to" in behind else "proves"
    return sentence[: one.start()] + _CERTAIN.get(word, proven) + sentence[one.end() :]
