"""Words as BM25 counts them: lower case, stemmed, no filler words, canonical names added ("=esketamine")."""

import Stemmer

from ingest.vocabulary import Vocabulary, words_of

VERSION = "3"
# Kinds whose canonical names a question is searched by; the others (a symptom, an organ) go by too many names to help.
SEARCHED_KINDS = frozenset(
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
    """Turns texts into BM25 terms."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.digest = f"{VERSION}-{vocabulary.digest}"
        self._stemmer = Stemmer.Stemmer("english")

    def of(self, text: str) -> list[str]:
        """Terms of a passage, repeats included."""
        return self._stems(text) + [name_term(mention.term.name) for mention in self.vocabulary.mentions(text)]

    def asked(self, text: str) -> list[str]:
        """Terms to search by for a question, repeats included."""
        mentions = self.vocabulary.mentions(text)
        names = [name_term(mention.term.name) for mention in mentions if mention.term.kind in SEARCHED_KINDS]
        return self._stems(text) + names

    def _stems(self, text: str) -> list[str]:
        words = [word.removesuffix("'s") for word in words_of(text)]
        stems: list[str] = self._stemmer.stemWords([word for word in words if word not in FILLERS])
        return stems


def name_term(name: str) -> str:
    """The term that stands for a canonical name."""
    return f"={name}"
