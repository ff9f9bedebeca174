"""Amounts in a text, in one form: "two hours", "2 h" and "120 minutes" are the same, and so are "1 in 3" and "33 %"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
WORDS = {word: float(number) for number, word in enumerate(ONES)}
WORDS |= {word: 10.0 * number for number, word in enumerate(TENS, start=2)}
WORDS |= {"dozen": 12.0}
PARTS = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "sixth": 1 / 6, "seventh": 1 / 7,
         "eighth": 1 / 8, "ninth": 1 / 9, "tenth": 1 / 10}  # fmt: skip
ORDINALS = {"first": 1.0, "second": 2.0, "third": 3.0, "fourth": 4.0, "fifth": 5.0, "sixth": 6.0, "seventh": 7.0,
            "eighth": 8.0, "ninth": 9.0, "tenth": 10.0}  # fmt: skip
SCALES = {"hundred": 100.0, "thousand": 1_000.0, "million": 1_000_000.0, "billion": 1_000_000_000.0}
HOURS = {"second": 1 / 3600, "sec": 1 / 3600, "minute": 1 / 60, "min": 1 / 60, "hour": 1.0, "h": 1.0, "hr": 1.0,
         "day": 24.0, "week": 168.0, "wk": 168.0, "fortnight": 336.0, "month": 730.5, "mo": 730.5, "year": 8766.0,
         "yr": 8766.0, "decade": 87660.0}  # fmt: skip
UNITS = {"mg": "mg", "milligram": "mg", "milligrams": "mg", "mcg": "µg", "µg": "µg", "g": "g", "gram": "g",
         "grams": "g", "kg": "kg", "ml": "ml", "mmhg": "mmHg", "mg/kg": "mg/kg", "ng/ml": "ng/ml"}  # fmt: skip
CURRENCY = {"$": "USD", "£": "GBP", "€": "EUR"}
COINS = {"dollar": "USD", "dollars": "USD", "pounds": "GBP", "euros": "EUR"}
KILOGRAMS = frozenset(["kg", "kilogram", "kilograms", "kilo"])
# How far apart two exact amounts may be and still be the same: a share in absolute terms and as a part of itself …
CLOSE = 0.006
CLOSE_PART = 0.045
LEAST_CLOSE = 0.00005
# … and other amounts as a part of themselves; months and years are never exact.
CLOSE_HOURS = 0.005
CLOSE_OTHER = 0.000001
# A rounded number may be off by this part of its last figure that counts, and of itself.
ROUNDED_FIGURE = 0.6
ROUNDED_NUMBER = 0.12
# A rounded share may be off by this, however small it is.
LEAST_ROUNDED = 0.005
# "Half", "a third" … stand for shares as far off as this, in absolute terms and as a part of themselves.
ROUNDED = 0.08
ROUNDED_PART = 0.17
# "More than half" may stand for shares this many times further off than "about half", but never below it.
BEYOND = 2.5
# A month is four weeks to one and 31 days to another: up to six of them may be this much longer or shorter.
MONTHS = 0.085
MOST_LOOSE_MONTHS = 6
YEARS = range(1900, 2101)
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_TOKEN = re.compile(rf"[$£€]|{_NUMBER}|%|mg/kg|ng/ml|[^\W\d_]+(?:['’][^\W\d_]+)?|[–—-]|[/.,;:()]")
_APPROXIMATE = frozenset([
    "about", "around", "roughly", "nearly", "almost", "some", "approximately", "over", "more", "just", "under", "close",
    "less", "fewer",
])  # fmt: skip
_ABOVE = frozenset(["more", "over", "above", "exceeding", "longer"])
_BELOW = frozenset(["less", "fewer", "under", "below", "nearly", "almost", "shorter"])
# Units that an article or an ordinal makes an amount of ("for a week", "on the second day") and the words for one of
# them; "a second" and "a minute" are too often something else.
_SPANS = frozenset(["hour", "day", "week", "fortnight", "month", "year", "decade"])
_SPAN_WORDS = {"daily": "day", "overnight": "day", "weekly": "week", "monthly": "month", "yearly": "year",
               "annual": "year", "annually": "year"}  # fmt: skip
_BEFORE_SPAN = frozenset(["for", "after", "within", "in", "over", "during", "lasting", "least", "than", "about", "up"])
_BEFORE_UNIT = frozenset(["a", "an", "per", "each", "every", "next", "following", "same", "one"])
_FRACTION_ENDS = frozenset(["life", "lives", "way"])


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount: ``value`` in the base unit of its ``kind`` ("share" 0–1, "hours", "count", "mg", "USD" …).

    ``start`` and ``end`` are character positions; ``slack`` is how far off the text lets it be, 0 when it is exact:
    "about 60" may be 57, "about 63" may not. ``bound`` is 1 for "more than 60", -1 for "under 60"; ``loose`` is how far
    off its unit lets it be, whoever says it.
    """

    value: float
    kind: str
    start: int
    end: int
    slack: float = 0.0
    bound: int = 0
    loose: float = 0.0

    def is_counted(self, text: str) -> bool:
        """True for "two weeks" and "half an hour", False for "a week", "day 2" and "the second day"."""
        first = re.match(r"\w*", text[self.start : self.end].lower())
        word = first[0] if first else ""
        return word[:1].isdigit() or word in WORDS or word in PARTS

    def agrees(self, source: "Quantity") -> bool:
        """True when this amount, as a sentence gives it, is what a source says.

        A rounded amount may stand for another; an exact one, or a less rounded one, may not stand for a rounded one.
        """
        if self.kind != source.kind:
            return False
        if self.kind == "count" and self.value in YEARS:
            return self.value == source.value
        larger = max(abs(self.value), abs(source.value))
        if self.kind == "share":
            close = max(LEAST_CLOSE, min(CLOSE, CLOSE_PART * larger))
        else:
            close = (CLOSE_HOURS if self.kind == "hours" else CLOSE_OTHER) * larger
        # "Eight weeks" may be two months, "60 days" is meant exactly.
        close = max(close, self.loose, 0.0 if self.value % HOURS["week"] else source.loose)
        beyond = source.value - self.value
        if self.bound and abs(beyond) > close:
            return beyond * self.bound > 0 and abs(beyond) <= BEYOND * self.slack
        return abs(beyond) <= max(close, self.slack) and self.bound * source.bound >= 0


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int


def quantities(text: str, *, parts: bool = False) -> list[Quantity]:
    """All amounts in a text, in order. "One" and "a" alone are articles and don't count; "for a week" is a time.

    ``parts`` gives, as a source's text may be read, also the two counts of "8 of 9", behind the share, and the time of
    every "a week" and "weekly".
    """
    tokens = [_Token(m[0].lower().replace("’", "'"), m.start(), m.end()) for m in _TOKEN.finditer(text)]
    found: list[Quantity] = []
    place = 0
    while place < len(tokens):
        quantity, after = _read(tokens, place)
        if not quantity:
            quantity, after = _span(tokens, place, parts)
        if quantity:
            found.append(quantity)
            if parts and (quantity.kind == "share" or tokens[place].text == "day"):
                found += _counts(tokens, place, after)
        place = max(after, place + 1)
    return found


def _span(tokens: list[_Token], place: int, parts: bool) -> tuple[Quantity | None, int]:
    """ "For a week", "day 15", "the second day"; as a source's text is read also "a week", "per day", "weekly"."""
    word, after = _word(tokens, place), _word(tokens, place + 1)
    if word in ("a", "an") and after in _SPANS and (parts or _word(tokens, place - 1) in _BEFORE_SPAN):
        return _hours(tokens, place, place + 2, 1.0, after)
    if word in ORDINALS and after in _SPANS:
        return _hours(tokens, place, place + 2, ORDINALS[word], after)
    if word == "day":
        value, behind, _ = _number(tokens, place + 1)
        if value and value.is_integer() and value not in YEARS and not _unit(tokens, behind)[0]:
            return _hours(tokens, place, behind, value, word)
    if parts and word in _BEFORE_UNIT and after in HOURS:
        return _hours(tokens, place, place + 2, 1.0, after)
    if parts and word in _SPAN_WORDS:
        return _hours(tokens, place, place + 1, 1.0, _SPAN_WORDS[word])
    return None, place


def _hours(tokens: list[_Token], place: int, end: int, value: float, unit: str) -> tuple[Quantity, int]:
    hours = value * HOURS[unit]
    bound = 0 if _word(tokens, place - 1) == "over" else _bound(tokens, place)
    loose = _loose(value, HOURS[unit])
    return Quantity(hours, "hours", tokens[place].start, tokens[end - 1].end, bound=bound, loose=loose), end


def _loose(value: float, factor: float) -> float:
    """How far off a number of months is as a time; 0 for other units."""
    return MONTHS * value * factor if factor == HOURS["month"] and value <= MOST_LOOSE_MONTHS else 0.0


def _counts(tokens: list[_Token], place: int, after: int) -> Iterator[Quantity]:
    """The whole numbers inside a share that isn't a percentage."""
    inside = range(place, after)
    if any(_word(tokens, at) in ("%", "percent", "per") for at in inside):
        return
    at = place
    while at < after:
        value, behind, _ = _number(tokens, at)
        if value and value > 1:
            yield Quantity(value, "count", tokens[at].start, tokens[behind - 1].end)
        at = max(behind, at + 1)


def _read(tokens: list[_Token], place: int) -> tuple[Quantity | None, int]:
    """The amount that begins at a token, and the place behind it."""
    currency = CURRENCY.get(tokens[place].text)
    value, after, spelled = _number(tokens, place + 1 if currency else place)
    if value is None:
        return _part(tokens, place, 1.0)
    kind, factor, end = (currency, 1.0, after) if currency else ("", 1.0, after)
    if not currency:
        part, end = _part(tokens, after, value)
        if part:
            bound = _bound(tokens, place)
            return Quantity(part.value, "share", tokens[place].start, part.end, part.slack, bound), end
        kind, factor, end = (
            _share(tokens, after, value) or _share_of_named(tokens, after, value) or _unit(tokens, after)
        )
    if not kind and spelled and value == 1:
        return None, after
    slack = _slack(value, factor, kind) if _is_rounded(tokens, place) else 0.0
    bound = 0 if kind == "hours" and _word(tokens, place - 1) == "over" else _bound(tokens, place)
    loose = _loose(value, factor) if kind == "hours" else 0.0
    kind = kind or "count"
    return Quantity(value * factor, kind, tokens[place].start, tokens[end - 1].end, slack, bound, loose), end


def _bound(tokens: list[_Token], place: int) -> int:
    """1 before what the true amount is above ("more than half"), -1 before what it is below, 0 before any other."""
    before = _word(tokens, place - 1)
    while before in ("than", "a", "one", "the"):
        place -= 1
        before = _word(tokens, place - 1)
    return int(before in _ABOVE) - int(before in _BELOW)


def _is_rounded(tokens: list[_Token], place: int) -> bool:
    before = _word(tokens, place - 1)
    return before in _APPROXIMATE or (before in ("than", "a", "one") and _word(tokens, place - 2) in _APPROXIMATE)


def _slack(value: float, factor: float, kind: str) -> float:
    """How far off a rounded amount may be: "about 60" more than "about 63", "about 1 in 100" half a percent."""
    figure = 10.0 ** -len(f"{value:g}".partition(".")[2])
    while value and value % (figure * 10) == 0:
        figure *= 10
    slack = min(ROUNDED_FIGURE * figure, ROUNDED_NUMBER * value) * factor
    return max(slack, min(ROUNDED_FIGURE * factor, LEAST_ROUNDED)) if kind == "share" else slack


def _number(tokens: list[_Token], place: int) -> tuple[float | None, int, bool]:
    """A number in digits or words: (value, place behind it, whether spelled out)."""
    text = _word(tokens, place)
    if text[:1].isdigit():
        value = float(text.replace(",", ""))
        scale = SCALES.get(_word(tokens, place + 1))
        return (value * scale, place + 2, False) if scale else (value, place + 1, False)
    if text == "half" and _word(tokens, place + 1) == "a" and _word(tokens, place + 2) in SCALES:
        return SCALES[_word(tokens, place + 2)] / 2, place + 3, True
    if text not in WORDS and not (text == "a" and _word(tokens, place + 1) in (*SCALES, "dozen")):
        return None, place, True
    total = WORDS.get(text, 1.0)
    place += 1
    if text in TENS:
        skip = place + 1 if _word(tokens, place) == "-" else place
        if _word(tokens, skip) in ONES[1:10]:
            total, place = total + WORDS[_word(tokens, skip)], skip + 1
    if [_word(tokens, place + step) for step in range(3)] == ["and", "a", "half"]:
        return total + 1 / 2, place + 3, True
    while _word(tokens, place) in SCALES:
        total, place = total * SCALES[_word(tokens, place)], place + 1
    return total, place, True


def _part(tokens: list[_Token], place: int, count: float) -> tuple[Quantity | None, int]:
    """ "Half", "a third", "two thirds", "three-quarters", "half an hour"; not "the third" nor "half-life"."""
    at = place
    while _word(tokens, at) in ("-", "–", "a", "of") and at < place + 2:
        at += 1
    word = _word(tokens, at)
    part = PARTS.get(word) or PARTS.get(word.removesuffix("s")) or (1 / 2 if word == "halves" else None)
    halves = word in ("half", "halves", "quarter", "quarters")
    ordinal = not halves and at == place and count == 1 and _word(tokens, place - 1) not in ("one", "1", "-")
    singular = word in ("third", "quarter") and count > 1
    if part is None or ordinal or singular or _ends_fraction(tokens, at) or count * part > 1:
        return None, place
    start, end = tokens[place].start, at + 1
    behind = end + 1 if _word(tokens, end) in ("an", "a") else end
    if (
        word in ("half", "quarter")
        and _word(tokens, behind) in HOURS
        and (behind > end or _word(tokens, end) in ("hour", "year"))
    ):
        return Quantity(part * HOURS[_word(tokens, behind)], "hours", start, tokens[at].end), behind + 1
    value = count * part
    return Quantity(
        value, "share", start, tokens[at].end, min(ROUNDED, ROUNDED_PART * value), _bound(tokens, place)
    ), end


def _ends_fraction(tokens: list[_Token], at: int) -> bool:
    """True for "half-life" and "halfway", which are no amounts."""
    behind = at + 2 if _word(tokens, at + 1) == "-" else at + 1
    return _word(tokens, behind) in _FRACTION_ENDS


def _share(tokens: list[_Token], place: int, value: float) -> tuple[str, float, int] | None:
    """ "48 %", "48 per cent", "1 in 3", "8 of 9", "8 out of the 9": as a unit behind the first number."""
    word = _word(tokens, place)
    if word in ("%", "percent"):
        return "share", 0.01, place + 1
    if word == "per" and _word(tokens, place + 1) in ("cent", "hundred"):
        return "share", 0.01, place + 2
    if word in ("-", "–", "to", "or", "and"):
        upper, after, _ = _number(tokens, place + 1)
        return ("share", 0.01, place) if upper is not None and _word(tokens, after) in ("%", "percent") else None
    if word in ("in", "of") or (word == "out" and _word(tokens, place + 1) == "of"):
        return _of_whole(tokens, place, value)
    return None


def _of_whole(tokens: list[_Token], place: int, value: float) -> tuple[str, float, int] | None:
    """The "of 9" of "8 of 9"; not the "in 2020" of "8 in 2020" nor the "of 20 mg" of "2 of 20 mg"."""
    at = place + (2 if _word(tokens, place) == "out" else 1)
    while _word(tokens, at) in ("every", "the", "all", "these", "those", "its"):
        at += 1
    whole, after, spelled = _number(tokens, at)
    if not whole or whole < value or _unit(tokens, after)[0]:
        return None
    year = _word(tokens, place) == "in" and whole in YEARS
    return None if year or (whole <= 1 and not spelled) else ("share", 1 / whole, after)


def _share_of_named(tokens: list[_Token], place: int, value: float) -> tuple[str, float, int] | None:
    """ "One adult in 20"."""
    named = value.is_integer() and _word(tokens, place).isalpha() and _word(tokens, place + 1) == "in"
    return _share(tokens, place + 1, value) if named else None


def _unit(tokens: list[_Token], place: int) -> tuple[str, float, int]:
    """(kind, factor, place behind the unit); kind is empty where none stands."""
    joined = _word(tokens, place) == "-"
    at = place + 1 if joined else place
    word = _word(tokens, at)
    if UNITS.get(word) == "mg" and _word(tokens, at + 1) in ("per", "/") and _word(tokens, at + 2) in KILOGRAMS:
        return "mg/kg", 1.0, at + 3
    if word in UNITS:
        return UNITS[word], 1.0, at + 1
    for name in (word, word.removesuffix("s")):
        if name in HOURS and not (name == "day" and _word(tokens, at + 2) == "night"):
            return "hours", HOURS[name], at + 1
    if word in COINS:
        return COINS[word], 1.0, at + 1
    if joined or word in ("to", "or", "–"):
        value, after, _ = _number(tokens, at if joined else at + 1)
        if value is not None:
            kind, factor, _ = _unit(tokens, after)
            return kind, factor, place
    return "", 1.0, place


def _word(tokens: list[_Token], place: int) -> str:
    return tokens[place].text if 0 <= place < len(tokens) else ""
