"""Amounts in a text, in one form: "two hours", "2 h" and "120 minutes" are the same, and so are "1 in 3" and "33 %"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
WORDS = {word: float(number) for number, word in enumerate(ONES)}
WORDS |= {word: 10.0 * number for number, word in enumerate(TENS, start=2)}
WORDS |= {"dozen": 12.0}
PARTS = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "sixth": 1 / 6, "seventh": 1 / 7,
         "eighth": 1 / 8, "ninth": 1 / 9, "tenth": 1 / 10}  # fmt: skip
SCALES = {"hundred": 100.0, "thousand": 1_000.0, "million": 1_000_000.0, "billion": 1_000_000_000.0}
HOURS = {"second": 1 / 3600, "sec": 1 / 3600, "minute": 1 / 60, "min": 1 / 60, "hour": 1.0, "h": 1.0, "hr": 1.0,
         "day": 24.0, "week": 168.0, "wk": 168.0, "fortnight": 336.0, "month": 730.5, "mo": 730.5, "year": 8766.0,
         "yr": 8766.0, "decade": 87660.0}  # fmt: skip
UNITS = {"mg": "mg", "milligram": "mg", "milligrams": "mg", "mcg": "µg", "µg": "µg", "g": "g", "gram": "g", "grams": "g",
         "kg": "kg", "ml": "ml", "mmhg": "mmHg", "mg/kg": "mg/kg", "ng/ml": "ng/ml"}  # fmt: skip
CURRENCY = {"$": "USD", "£": "GBP", "€": "EUR"}
CLOSE = 0.006
CLOSE_PART = 0.045
LEAST_CLOSE = 0.0005
ROUNDED = 0.08
ROUNDED_PART = 0.17
YEARS = range(1900, 2101)
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_TOKEN = re.compile(rf"[$£€]|{_NUMBER}|%|mg/kg|ng/ml|[^\W\d_]+(?:['’][^\W\d_]+)?|[–—-]|[/.,;:()]")
_APPROXIMATE = frozenset(
    ["about", "around", "roughly", "nearly", "almost", "some", "approximately", "over", "more", "just", "under", "close", "less", "fewer"]
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount: ``value`` in the base unit of its ``kind`` ("share" 0–1, "hours", "count", "mg", "USD" …).

    ``start`` and ``end`` are character positions; ``rounded`` says that the text calls it approximate.
    """

    value: float
    kind: str
    start: int
    end: int
    rounded: bool = False

    def agrees(self, other: "Quantity") -> bool:
        """True when both say the same amount, a rounded one within what rounding allows."""
        if self.kind != other.kind:
            return False
        rounded = self.rounded or other.rounded
        difference, larger = abs(self.value - other.value), max(abs(self.value), abs(other.value))
        if self.kind == "share":
            close = min(ROUNDED, ROUNDED_PART * larger) if rounded else min(CLOSE, CLOSE_PART * larger)
            return difference <= max(LEAST_CLOSE, close)
        if self.kind == "count" and self.value in YEARS:
            return self.value == other.value
        return difference <= (0.06 if rounded else 0.005 if self.kind == "hours" else 0.0005) * larger


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int


def quantities(text: str, *, parts: bool = False) -> list[Quantity]:
    """All amounts in a text, in order. "One" and "a" alone are articles and don't count.

    ``parts`` gives the two counts of "8 of 9" too, behind the share.
    """
    tokens = [_Token(m[0].lower().replace("’", "'"), m.start(), m.end()) for m in _TOKEN.finditer(text)]
    found: list[Quantity] = []
    place = 0
    while place < len(tokens):
        quantity, after = _read(tokens, place)
        if (
            parts
            and not quantity
            and _word(tokens, place) in ("a", "an", "per", "each", "one")
            and _word(tokens, place + 1) in HOURS
        ):
            end = tokens[place + 1].end
            quantity, after = Quantity(HOURS[_word(tokens, place + 1)], "hours", tokens[place].start, end), place + 2
        if quantity:
            found.append(quantity)
            if parts and quantity.kind == "share":
                found += _counts(tokens, place, after)
        place = max(after, place + 1)
    return found


def _counts(tokens: list[_Token], place: int, after: int) -> Iterator[Quantity]:
    """The whole numbers inside a share that isn't a percentage."""
    inside = range(place, after)
    if any(_word(tokens, at) in ("%", "percent", "per") for at in inside):
        return
    for at in inside:
        value, _, _ = _number(tokens, at)
        if value and value > 1:
            yield Quantity(value, "count", tokens[at].start, tokens[at].end)


def _read(tokens: list[_Token], place: int) -> tuple[Quantity | None, int]:
    """The amount that begins at a token, and the place behind it."""
    start = tokens[place]
    rounded = place > 0 and (_word(tokens, place - 1) in _APPROXIMATE or (_word(tokens, place - 1) in ("than", "a", "one")
                             and _word(tokens, place - 2) in _APPROXIMATE))  # fmt: skip
    currency = CURRENCY.get(start.text)
    value, after, spelled = _number(tokens, place + 1 if currency else place)
    if value is None:
        return _part(tokens, place, 1.0, rounded, alone=True)
    if currency:
        return Quantity(value, currency, start.start, tokens[after - 1].end, rounded), after
    part, end = _part(tokens, after, value, rounded)
    if part and not (value > 1 and part.value > 1):
        return Quantity(part.value, "share", start.start, part.end, True), end
    share = _share(tokens, after, value) or _share_of_named(tokens, after, value)
    if share:
        return Quantity(share[0], "share", start.start, tokens[share[1] - 1].end, rounded), share[1]
    kind, factor, end = _unit(tokens, after)
    if kind:
        return Quantity(value * factor, kind, start.start, tokens[end - 1].end, rounded), end
    if spelled and value == 1:
        return None, after
    return Quantity(value, "count", start.start, tokens[after - 1].end, rounded), after


def _number(tokens: list[_Token], place: int) -> tuple[float | None, int, bool]:
    """A number in digits or words: (value, place behind it, whether spelled out)."""
    text = _word(tokens, place)
    if text[:1].isdigit():
        value = float(text.replace(",", ""))
        scale = SCALES.get(_word(tokens, place + 1))
        return (value * scale, place + 2, False) if scale else (value, place + 1, False)
    if text not in WORDS and not (text == "a" and _word(tokens, place + 1) in (*SCALES, "dozen")):
        return None, place, True
    total = WORDS.get(text, 1.0)
    place += 1
    if text in TENS:
        skip = place + 1 if _word(tokens, place) == "-" else place
        if _word(tokens, skip) in ONES[1:10]:
            total, place = total + WORDS[_word(tokens, skip)], skip + 1
    while _word(tokens, place) in SCALES:
        total, place = total * SCALES[_word(tokens, place)], place + 1
    return total, place, True


def _part(
    tokens: list[_Token], place: int, count: float, rounded: bool, *, alone: bool = False
) -> tuple[Quantity | None, int]:
    """ "Half", "a third", "two thirds", "three-quarters"."""
    at = place
    while _word(tokens, at) in ("-", "–", "a", "of") and at < place + 2:
        at += 1
    word = _word(tokens, at)
    part = PARTS.get(word) or PARTS.get(word.removesuffix("s")) or (1 / 2 if word == "halves" else None)
    ordinal = word not in ("half", "halves", "quarter", "quarters") and alone and at == place
    if (
        part is None
        or ordinal
        or _word(tokens, at + 1) in ("life", "lives", "way")
        or (word in ("third", "quarter") and count > 1)
    ):
        return None, place
    if word == "half" and _word(tokens, at + 1) == "-" and _word(tokens, at + 2) in ("life", "lives"):
        return None, place
    if _word(tokens, at + 1) in ("hour", "year") or (
        _word(tokens, at + 1) in ("an", "a") and _word(tokens, at + 2) in HOURS
    ):
        hours = HOURS[_word(tokens, at + 1)] if _word(tokens, at + 1) in HOURS else HOURS[_word(tokens, at + 2)]
        return Quantity(part * hours, "hours", tokens[place].start, tokens[at].end, rounded), at + 2
    return Quantity(count * part, "share", tokens[place].start, tokens[at].end, True), at + 1


def _share(tokens: list[_Token], place: int, value: float) -> tuple[float, int] | None:
    """ "48 %", "48 per cent", "1 in 3", "8 of 9", "8 out of the 9"."""
    word = _word(tokens, place)
    if word in ("%", "percent"):
        return value / 100, place + 1
    if word == "per" and _word(tokens, place + 1) in ("cent", "hundred"):
        return value / 100, place + 2
    if word in ("-", "–", "to", "or", "and"):
        upper, after, _ = _number(tokens, place + 1)
        return (value / 100, place) if upper is not None and _word(tokens, after) in ("%", "percent") else None
    if word == "in" or word == "of" or (word == "out" and _word(tokens, place + 1) == "of"):
        at = place + (2 if word == "out" else 1)
        while _word(tokens, at) in ("every", "the", "all", "these", "those", "its"):
            at += 1
        whole, after, spelled = _number(tokens, at)
        unit = _unit(tokens, after)[0] if whole else ""
        if whole and whole >= value and not unit and (word != "in" or whole < 1900) and (spelled or whole > 1):
            return value / whole, after
    return None


def _share_of_named(tokens: list[_Token], place: int, value: float) -> tuple[float, int] | None:
    """ "One adult in 20"."""
    share = (
        _share(tokens, place + 1, value)
        if _word(tokens, place).isalpha() and _word(tokens, place + 1) == "in"
        else None
    )
    return (
        share
        if (share and not tokens[share[1] - 1].text.startswith(("19", "20"))) or (share and share[0] > 0.001)
        else None
    )


def _unit(tokens: list[_Token], place: int) -> tuple[str, float, int]:
    """(kind, factor, place behind the unit); kind is empty where none stands."""
    at = place + 1 if _word(tokens, place) == "-" else place
    word = _word(tokens, at)
    if word in UNITS:
        if (
            word == "mg"
            and _word(tokens, at + 1) in ("per", "/")
            and _word(tokens, at + 2) in ("kg", "kilogram", "kilo")
        ):
            return "mg/kg", 1.0, at + 3
        return UNITS[word], 1.0, at + 1
    for name in (word, word.removesuffix("s")):
        if name in HOURS:
            return "hours", HOURS[name], at + 1
    if word in ("to", "or", "–") or _word(tokens, place) == "-":
        number_at = at if _word(tokens, place) == "-" else at + 1
        value, after, _ = _number(tokens, number_at)
        if value is not None:
            kind, factor, _ = _unit(tokens, after)
            return kind, factor, place
    if word in ("dollar", "dollars", "pounds", "euros"):
        return {"d": "USD", "p": "GBP", "e": "EUR"}[word[0]], 1.0, at + 1
    return "", 1.0, place


def _word(tokens: list[_Token], place: int) -> str:
    return tokens[place].text if 0 <= place < len(tokens) else ""


def contexts(text: str, found: list[Quantity]) -> Iterator[str]:
    """For each amount, the stretch of text around it that no other amount's stretch shares."""
    for place, quantity in enumerate(found):
        left = found[place - 1].end if place else 0
        right = found[place + 1].start if place + 1 < len(found) else len(text)
        yield text[left : quantity.start] + " " + text[quantity.end : right]
