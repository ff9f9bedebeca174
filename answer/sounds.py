"""How alike two spellings are: what they sound like, and the cheapest way to slip from one to the other.

The sound is a key of our own: vowels count as one, letters that sound alike as one, silent ones not at all. It need not
be right about English; it only has to treat a word and its spelling by ear the same way.
"""

import re
from functools import lru_cache

VOWELS = frozenset("aeiouy")
ALIKE = frozenset(
    frozenset(pair) for pair in ("ck", "cs", "sz", "kq", "fv", "gj", "td", "bp", "mn", "xs", "cz", "vw", "xz", "kx")
)
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
SAME_VOWEL, SAME_SOUND, NEXT_KEY, STRANGE = 0.5, 0.6, 1.05, 1.5
DOUBLED, SOFT_LETTER, LETTER, SWAPPED = 0.4, 0.7, 1.0, 0.7
FIRST_LETTER = 0.4
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"[^a-z]", ""),
        (r"^(?:k|g|p)n", "n"),
        (r"^ps", "s"),
        (r"^wr", "r"),
        (r"^x", "s"),
        (r"(?<=[aeiou])gh(?=t)", ""),
        (r"[ts]h(?:u|io)n", "Xan"),
        (r"s?[tsc]ion", "Xan"),
        (r"[tc]i(?=[aou]|en)", "X"),
        (r"ss?u(?=re?)", "Xa"),
        (r"t?ch", "C"),
        (r"sh", "X"),
        (r"th", "T"),
        (r"ph", "f"),
        (r"dg", "j"),
        (r"sc(?=[eiy])", "s"),
        (r"ck", "k"),
        (r"qu", "kw"),
        (r"q", "k"),
        (r"x", "ks"),
        (r"c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"g(?=[ei])", "j"),
        (r"z", "s"),
        (r"mb$", "m"),
        (r"(?<=.)h", ""),
        (r"(?<=[aeiouy][^aeiouy])e(?=s?$)", ""),
        (r"(?<=[aeiou])[rw](?![aeiouy])", ""),
        (r"[aeiouy]+", "a"),
        (r"(.)\1+", r"\1"),
    )
)


@lru_cache(maxsize=50_000)
def sound_of(word: str) -> str:
    """What a word sounds like, roughly: "ketomine" and "keteminn" sound like "ketamine"."""
    word = word.lower()
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return word


def slip_cost(typed: str, meant: str, most: float = 9.0) -> float:
    """How unlikely it is to type one word for another: 0 for the same, about 1 a slip; more than ``most`` is cut short.

    Damerau and Levenshtein's distance, in which a wrong vowel, a doubled letter, letters swapped, letters that sound
    alike and neighbours on the keyboard cost less than a letter that nobody would mistake for the other.
    """
    before: list[float] = []
    row = [0.0]
    for place, letter in enumerate(meant):
        row.append(row[-1] + _left_out(meant, place, letter))
    for place, letter in enumerate(typed):
        earlier, before, row = before, row, [row[0] + _left_out(typed, place, letter)]
        added = row[0] - before[0]
        for other, wanted in enumerate(meant):
            same = letter == wanted
            cost = min(
                before[other] + (0.0 if same else _mistaken(letter, wanted, first=not place or not other)),
                before[other + 1] + added,
                row[other] + _left_out(meant, other, wanted),
            )
            if place and other and not same and letter == meant[other - 1] and typed[place - 1] == wanted:
                cost = min(cost, earlier[other - 1] + SWAPPED)
            row.append(cost)
        if min(row) > most:
            return min(row)
    return row[-1]


def _left_out(word: str, place: int, letter: str) -> float:
    if place and word[place - 1] == letter:
        return DOUBLED
    return (SOFT_LETTER if letter in VOWELS or letter == "h" else LETTER) + (0 if place else FIRST_LETTER)


@lru_cache(maxsize=2_000)
def _mistaken(letter: str, other: str, *, first: bool) -> float:
    if letter in VOWELS and other in VOWELS:
        return SAME_VOWEL
    if frozenset((letter, other)) in ALIKE:
        return SAME_SOUND
    return (NEXT_KEY if _neighbours(letter, other) else STRANGE) + (FIRST_LETTER if first else 0)


def _neighbours(letter: str, other: str) -> bool:
    places = {key: (row, column) for row, keys in enumerate(KEYBOARD) for column, key in enumerate(keys)}
    if letter not in places or other not in places:
        return False
    (row, column), (other_row, other_column) = places[letter], places[other]
    return abs(row - other_row) <= 1 and abs(column - other_column) <= 1
