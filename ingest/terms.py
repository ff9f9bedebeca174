"""Words as BM25 counts them: lower case, stemmed, no filler words, canonical names added ("=esketamine")."""

import Stemmer

from ingest.vocabulary import Vocabulary, words_of

VERSION = "2"
# Kinds whose canonical names count as words; the others (a symptom, an organ) are named in too many ways to help.
COUNTED_KINDS = frozenset(
    ("drug", "condition", "route", "substance", "food", "population", "place", "organisation", "procedure", "scale")
)
FILLERS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "in",
        "on",
        "for",
        "and",
        "or",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "with",
        "as",
        "by",
        "at",
        "from",
        "i",
        "you",
        "my",
        "me",
        "we",
        "he",
        "she",
        "they",
        "them",
        "do",
        "does",
        "did",
        "can",
        "could",
        "would",
        "will",
        "should",
        "have",
        "has",
        "had",
        "what",
        "how",
        "when",
        "which",
        "who",
        "why",
        "there",
        "if",
        "not",
        "no",
        "so",
        "than",
        "then",
        "about",
        "into",
        "up",
        "out",
        "am",
        "any",
        "some",
        "just",
        "also",
    ]
)


class Terms:
    """Turns texts into BM25 terms; the same for passages and for questions."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.digest = f"{VERSION}-{vocabulary.digest}"
        self._stemmer = Stemmer.Stemmer("english")

    def of(self, text: str) -> list[str]:
        """Terms of one text, repeats included."""
        words = [word.removesuffix("'s") for word in words_of(text)]
        stems: list[str] = self._stemmer.stemWords([word for word in words if word not in FILLERS])
        mentions = self.vocabulary.mentions(text)
        return stems + [f"={mention.term.name}" for mention in mentions if mention.term.kind in COUNTED_KINDS]
