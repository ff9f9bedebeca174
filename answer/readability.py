"""How hard a text is to read: the Flesch–Kincaid grade, with names of drugs and scales left out.

Grade = 0.39 × words ÷ sentences + 11.8 × syllables ÷ words − 15.59 (Kincaid et al., "Derivation of new readability
formulas for Navy enlisted personnel", 1975). Syllables are counted by a spelling rule, so nothing is downloaded.
A reader can't be spared the name of a medicine or a scale, so those words count neither as words nor as syllables.
"""

import re

from ingest.split import sentences
from ingest.vocabulary import Vocabulary, words_of

NAME_KINDS = frozenset(("drug", "scale"))
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT_END = re.compile(r"(?:[^aeiouy](?:e|es|ed)|[aeiouy]ed)$")
_SOUNDED_END = re.compile(r"(?:[^aeiouy]le|[td]ed|[sxz]es|[cs]hes|[cg]es)$")
_TWO_SOUNDS = re.compile(
    r"(?<![ctsgx])i[ao]|(?<![ctsx])i(?:et|ence)|creat|react|ea$|nausea|dissocia|ie[dt]$|(?<!q)ui(?=c)|(?<![gq])ua"
    r"|(?<!p)eo(?!u)|[aeiouy]ing$"
)


def grade(text: str, vocabulary: Vocabulary) -> float:
    """School grade (US) that the text asks for; 0 for a text without words."""
    counted = [_counted_words(sentence, vocabulary) for sentence in sentences(text)]
    counted = [words for words in counted if words]
    words = [word for sentence in counted for word in sentence]
    if not words:
        return 0.0
    per_word = sum(map(syllables, words)) / len(words)
    return max(0.0, 0.39 * len(words) / len(counted) + 11.8 * per_word - 15.59)


def syllables(word: str) -> int:
    """Syllables of an English word, by its vowels; a number counts as one."""
    if not word.isalpha():
        return 1
    count = len(_VOWELS.findall(word))
    if _SILENT_END.search(word) and not _SOUNDED_END.search(word):
        count -= 1
    count += len(_TWO_SOUNDS.findall(word))
    return max(1, count)


def _counted_words(sentence: str, vocabulary: Vocabulary) -> list[str]:
    words = words_of(sentence)
    names = [mention for mention in vocabulary.mentions(sentence) if mention.term.kind in NAME_KINDS]
    skipped = {place for mention in names for place in range(mention.start, mention.end)}
    return [word for place, word in enumerate(words) if place not in skipped]
