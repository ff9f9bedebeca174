"""Word an answer as the reader wants it: in plain words, as the sources' claims, or with who was studied as well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from answer.compose import Chosen
from answer.faq import Entry, Match, Supported, Supporter
from answer.said import Quoted, Said
from answer.schema import Detail
from answer.verify import Quote, Verifier
from ingest.schema import Passage, SourceMeta

MOST_SENTENCES = 6
BACKGROUND_SECTIONS = ("what was studied", "limits")


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source with its claims in document order, as the library shows it."""

    meta: SourceMeta
    heading: str
    claims: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Sayer:
    """Words answers from one generation of the index."""

    verifier: Verifier
    supporter: Supporter
    views: Mapping[str, SourceView]
    most_words: int

    def compose(self, chosen: Sequence[Chosen], detail: Detail) -> list[Said]:
        """Sentences for what was chosen; a plain form is used only while it passes the checks against its claim."""
        if detail == "plain":
            return [self._plain(item) for item in chosen]
        said = [verbatim(item) for item in chosen]
        if detail == "standard" or not chosen:
            return said
        passages = {item.hit.passage.id for item in chosen}
        for start in BACKGROUND_SECTIONS:
            claims = self.views[chosen[0].hit.source.id].claims
            background = (c for c in claims if c.section.lower().startswith(start) and c.id not in passages)
            said += [Said(claim.text, (self._whole(claim),)) for claim in list(background)[:1]]
        return said

    def reviewed(self, match: Match, detail: Detail, more: Sequence[Chosen]) -> list[Said]:
        """An FAQ entry's sentences, each with the passages that bear it out today; none when a sentence has lost them.

        A reader who wants details gets those passages' own words instead, and ``more`` follows where there is room.
        """
        said = self._supported(match.entry)
        if detail == "plain" or not said:
            return said
        quotes = {quote.passage.id: quote for item in said for quote in item.quotes}
        if detail == "detailed":
            said = [Said(quote.words, (quote,)) for quote in quotes.values()]
        return [*said, *self._further(said, [item for item in more if item.hit.passage.id not in quotes])]

    def translated(self, entry: Entry, sentences: Sequence[str]) -> list[Said]:
        """A translated entry's sentences, cited as the English ones; none when one of those has lost its support."""
        english = self._supported(entry)
        if len(english) != len(sentences):
            return []
        return [Said(text, item.quotes) for text, item in zip(sentences, english, strict=True)]

    def written(self, text: str, passages: Sequence[Passage]) -> Said:
        """A sentence that a model wrote, with the passages it cites."""
        return Said(text, tuple(self._whole(passage) for passage in passages))

    def _supported(self, entry: Entry) -> list[Said]:
        """An entry's sentences with the passages that bear them out; none when one of them has lost its support."""
        supported = [self.supporter.support(p.text, p.cites) for p in entry.sentences]
        found = [sentence for sentence in supported if isinstance(sentence, Supported)]
        return [self.written(s.text, s.passages) for s in found] if len(found) == len(supported) else []

    def _further(self, said: Sequence[Said], more: Sequence[Chosen]) -> list[Said]:
        """What else was found, as far as the longest answer has room for it."""
        left = self.most_words - sum(len(item.text.split()) for item in said)
        further: list[Said] = []
        for item in more:
            length = len(item.text.split())
            if length <= left and len(said) + len(further) < MOST_SENTENCES:
                further.append(verbatim(item))
                left -= length
        return further

    def _plain(self, item: Chosen) -> Said:
        passage = item.hit.passage
        whole = bool(passage.plain) and item.text == passage.text
        quote = Quote.of(passage, item.hit.source.country)
        if whole and self.verifier.passes(passage.plain, [quote]):
            return Said(passage.plain, (Quoted(item.hit.source, passage, passage.text),))
        return verbatim(item)

    def _whole(self, passage: Passage) -> Quoted:
        return Quoted(self.views[passage.source_id].meta, passage, passage.text)


def verbatim(item: Chosen) -> Said:
    """A composed sentence as it stands in its source."""
    return Said(item.text, (Quoted(item.hit.source, item.hit.passage, item.text),))
