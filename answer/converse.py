"""Understand a turn of a conversation: make of "and in the UK?" the complete question to look up, without a model.

A turn leans on the question before it when it points back ("is it …"), goes on ("and …", "what about …") or is too
short to stand alone. Then it takes over what it lacks: a name takes the place of one of its kind ("what about …
instead?"), an aspect is asked of the earlier subject ("the side effects?"), a pronoun gives way to what it stands for.
A whole question with a subject of its own, or one after "different topic:", takes over nothing. The cue words lie in
``follow-ups.toml``; names of drugs, conditions and places come from the vocabulary.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from answer.spell import Speller
from answer.turns import Core, Cues, Kind, Turn
from ingest.terms import Terms
from ingest.vocabulary import WORD, Mention, Vocabulary, words_of

RULES = Path(__file__).with_name("follow-ups.toml")
REMEMBERED = 12
LONGEST_READ = 2000
LONGEST_ABOUT = 400
LONGEST_NAME = 6
LONGEST_ENDING = 3
SHORTEST_NAME = 3
STUDY_NAME = re.compile(r"[^\s,.;:?!]+")
STOPS = ".:!"
MARKS = " ?!.,;:"
# So many words of its own make a question whole: naming nothing, naming a place or the like, naming a subject.
WHOLE, WHOLE_PLACED, WHOLE_NAMED = 5, 4, 3
# In a long question, a pronoun after so many words stands for something in the question itself.
LONG, FAR = 6, 4


@dataclass(frozen=True)
class Understood:
    """A turn as a complete question; ``about`` is the earlier question it leans on.

    ``own``: of a question about a study, what it asks without the earlier question's subject.
    """

    text: str
    kind: Kind
    about: str | None
    own: str = ""


class Converser:
    """Understands turns; holds no conversation itself, so one is shared by all readers."""

    def __init__(self, terms: Terms, rules: Path = RULES) -> None:
        """Read the rules.

        Raises:
            FollowUpRulesError: the file is missing, not TOML, or lacks an entry.
        """
        self._terms = terms
        self._vocabulary: Vocabulary = terms.vocabulary
        self._cues = Cues.read(rules)
        # Twice: a word that is used once only is never taken for the right spelling.
        self._speller = Speller(self._cues.all * 2, [], self._vocabulary, farthest=1.0)

    def understand(self, text: str, history: Sequence[str]) -> Understood:
        """Read a turn in the light of the reader's earlier turns, oldest first; odd input comes back as it is."""
        about: str | None = None
        for earlier in history[-REMEMBERED:]:
            about = self._carried(earlier, about)
        turn = self._turn(text)
        return self._understand(text, turn, self._core(turn), about)

    def _carried(self, text: str, about: str | None) -> str | None:
        """The question that the next turn may lean on."""
        turn = self._turn(text)
        core = self._core(turn)
        understood = self._understand(text, turn, core, about)
        if core.start >= core.end or understood.kind == "scale":
            return about
        question = turn.text[turn.spans[core.start][0] :] if understood.kind == "new" else understood.text
        # The question stands at the end of a long story.
        return question if len(question) <= LONGEST_ABOUT else question[-LONGEST_ABOUT:].partition(" ")[2] or None

    def _understand(self, text: str, turn: Turn, core: Core, about: str | None) -> Understood:
        new = Understood(text, "new", None)
        if about is None or core.changes or core.start >= core.end:
            return new
        if kind := self._kind_again(turn, core):
            return Understood(about, kind, about)
        earlier = self._turn(self._base(about))
        if self._asks_about_study(turn, core):
            own = self._asked_in_full(turn, core) or turn.part(core.start, core.end)
            return Understood(_question(self._of_the_study(turn, core, earlier)), "scale", about, _question(own))
        if self._is_whole(turn, core):
            return new
        composed = self._substituted(turn, core, earlier) or self._leaning(turn, core, earlier)
        return Understood(_question(composed), "follow_up", about)

    def _turn(self, text: str) -> Turn:
        text = " ".join(text[:LONGEST_READ].split())
        words = words_of(text)
        if len(WORD.findall(text)) != len(words):
            # A few letters of other scripts fall into two when lowered.
            text = text.lower()
        cues = words_of(self._speller.mend(text))
        mentions = self._vocabulary.mentions(text)
        mentions += [inner for mention in mentions for inner in self._treatments_inside(mention, words)]
        mentions.sort(key=lambda mention: mention.start)
        return Turn(text, words, cues if len(cues) == len(words) else words, mentions)

    def _treatments_inside(self, mention: Mention, words: Sequence[str]) -> Iterator[Mention]:
        """The treatment that a longer name holds: "addicted to ketamine" names ketamine too."""
        if not self._is_treatment(mention) and mention.end - mention.start > 1:
            for place in range(mention.start, mention.end):
                for inner in self._vocabulary.mentions(words[place]):
                    if inner.term.name in self._cues.treatments:
                        yield Mention(inner.term, place, place + 1)

    def _core(self, turn: Turn) -> Core:
        start, end = 0, len(turn.words)
        changes = closes = goes_on = False
        while start < end:
            lists = {"change": self._cues.change, "polite": self._cues.polite, "further": self._cues.further}
            found = {name: phrases.at(turn.cues, start, end) for name, phrases in lists.items()}
            length = max(found.values())
            if not length:
                break
            changes |= found["change"] == length
            goes_on |= found["further"] == length
            start += length
            closes |= turn.cues[start - length : start] in self._cues.closing or self._stops(turn, start - 1)
        while length := self._cues.closers.before(turn.cues, start, end):
            end -= length
        goes_on |= self._cues.further_kept.at(turn.cues, start, end) > 0
        return Core(start, end, changes, closes, goes_on)

    def _stops(self, turn: Turn, place: int) -> bool:
        """True when a full stop, a colon or the like follows a word, and more after it."""
        after = turn.text[turn.spans[place][1] :]
        return len(after) > 1 and after[0] in STOPS

    def _base(self, about: str) -> str:
        """The earlier question without openers, closers and "…, true?"."""
        turn = self._turn(about)
        core = self._core(turn)
        end = core.end - self._cues.tags.before(turn.words, core.start + 1, core.end)
        return turn.part(core.start, end).rstrip(MARKS)

    def _kind_again(self, turn: Turn, core: Core) -> Kind | None:
        """The way in which the same question is asked again, when the turn says nothing else."""
        best: tuple[int, Kind] | None = None
        for kind, phrases in self._cues.again.items():
            for place in range(core.start, core.end):
                length = phrases.at(turn.cues, place, core.end)
                rest = turn.cues[core.start : place] + turn.cues[place + length : core.end]
                if length > (best[0] if best else 0) and self._cues.filler.issuperset(rest):
                    best = length, kind
        return best[1] if best else None

    def _asks_about_study(self, turn: Turn, core: Core) -> bool:
        if self._asked_in_full(turn, core):
            return True
        if self._study(turn) or any(map(self._is_treatment, turn.mentions)):
            return False
        words = turn.cues[core.start : core.end]
        pointed = any(a in self._cues.pointers and b in self._cues.nouns for a, b in pairwise(words))
        return pointed or any(self._cues.instruments.at(words, place, len(words)) for place in range(len(words)))

    def _asked_in_full(self, turn: Turn, core: Core) -> str | None:
        """ "Who paid for it?" in full words; None for any other question."""
        return self._cues.asked_of_study.get(tuple(turn.cues[core.start : core.end]))

    def _of_the_study(self, turn: Turn, core: Core, earlier: Turn) -> str:
        if full := self._asked_in_full(turn, core):
            turn = self._turn(full)
            core = Core(0, len(turn.words), False, False, False)
        end = core.end
        if (
            turn.words[end - 1] in self._cues.statement
            and end - core.start > 2
            and turn.words[end - 2] in self._cues.prepositions
        ):
            end -= 2
        said = turn.part(core.start, end)
        if study := self._study(earlier):
            return f"{said} {self._cues.compose['in_study']} {study}"
        lead = "of_study" if self._cues.nouns.intersection(turn.cues[core.start : end]) else "in_studies"
        return f"{said} {self._cues.compose[lead]} {self._names(turn, earlier, bare=True) or self._topic(earlier)}"

    def _is_whole(self, turn: Turn, core: Core) -> bool:
        """True for a question that needs nothing from before."""
        own = len([term for term in self._terms.asked(turn.part(core.start, core.end)) if not term.startswith("=")])
        near = [start for start, _ in self._pronouns(turn, core) if own < LONG or start - core.start <= FAR]
        if near:
            return False
        things = [mention for mention in turn.mentions if self._is_thing(mention)]
        if core.closes and not core.goes_on:
            return bool(things) or own >= WHOLE_NAMED
        if not self._is_sentence(turn, core):
            return not core.goes_on and own >= WHOLE
        if self._cues.comparing.intersection(turn.words) and own < WHOLE_NAMED:
            return False
        if any(map(self._is_treatment, things)):
            return own >= WHOLE_NAMED or not core.goes_on
        named = any(mention.term.kind in self._cues.objects - {"organisation"} for mention in things)
        least = WHOLE_NAMED if named or self._study(turn) else WHOLE_PLACED if things else WHOLE
        return not core.goes_on and own >= least

    def _is_sentence(self, turn: Turn, core: Core) -> bool:
        """True when the turn has the shape of a question, not of a few words."""
        places = range(core.start, core.end)
        starts = [place for place in places if place == core.start or turn.breaks_after(place - 1)]
        asks = any(self._cues.leads.at(turn.words, place, core.end) for place in starts)
        return asks or any(turn.words[place] in self._cues.auxiliaries for place in places)

    def _pronouns(self, turn: Turn, core: Core) -> list[tuple[int, int]]:
        """Where the words stand (start, end) that stand for something in an earlier turn."""
        empty = [match.span() for match in self._cues.empty.finditer(turn.text.lower())]
        found = []
        for place in range(core.start, core.end):
            named = any(mention.end <= place and self._is_thing(mention) for mention in turn.mentions)
            ends = self._ends_with_statement(turn, core, place) or turn.words[place] in self._cues.pointing
            if named and not ends:
                continue
            start = turn.spans[place][0]
            general = self._cues.general.at(turn.words, place, core.end)
            pronoun = self._points_back(turn, core, place) and not any(a <= start < b for a, b in empty)
            if general or pronoun:
                found.append((place, place + (general or 1)))
        return found

    def _ends_with_statement(self, turn: Turn, core: Core, place: int) -> bool:
        """True for "… with that?" """
        pronoun = turn.words[place] in self._cues.statement and place == core.end - 1 > core.start
        return pronoun and turn.words[place - 1] in self._cues.prepositions

    def _points_back(self, turn: Turn, core: Core, place: int) -> bool:
        word = turn.words[place]
        before = turn.words[place - 1] if place > core.start else None
        after = turn.words[place + 1] if place + 1 < core.end else None
        if word in self._cues.statement:
            return before is None or before in self._cues.before_statement
        if word in self._cues.pointing:
            return after is None or after in self._cues.auxiliaries or after in self._cues.prepositions
        return word in self._cues.one or word in self._cues.many or word in self._cues.mine

    def _is_treatment(self, mention: Mention) -> bool:
        return mention.term.name in self._cues.treatments or mention.term.kind == "route"

    def _is_thing(self, mention: Mention) -> bool:
        named = self._is_treatment(mention) or mention.term.kind in self._cues.narrowing
        return named and mention.term.name not in self._cues.aspects

    def _substituted(self, turn: Turn, core: Core, earlier: Turn) -> str | None:
        """The earlier question with this turn's names in the place of those of their kind; None if it says more."""
        mentions = [mention for mention in turn.mentions if core.start <= mention.start and mention.end <= core.end]
        named = {place for mention in mentions for place in range(mention.start, mention.end)}
        rest = [turn.words[place] for place in range(core.start, core.end) if place not in named]
        if not (self._cues.small | self._cues.people).issuperset(word for word in rest if not word.isdecimal()):
            return None
        if not mentions:
            return self._with_people(turn, core, earlier)
        text: str | None = earlier.text
        for mention in mentions:
            text = text and self._swap(turn, core, mention, self._turn(text))
        return text

    def _with_people(self, turn: Turn, core: Core, earlier: Turn) -> str | None:
        """ "Over 75?", "and adults?": after a question about other people, or people of another age."""
        words = turn.words[core.start : core.end]
        aged = any(map(str.isdecimal, words))
        for mention in earlier.mentions:
            same = not aged or any(map(str.isdecimal, earlier.words[mention.start : mention.end]))
            if mention.term.kind == "population" and same and (aged or self._cues.people.intersection(words)):
                start, found = self._beginning(mention, earlier, words[0] in self._cues.prepositions)
                drop = words[0] in self._cues.prepositions and not aged and not found
                return earlier.swapped(start, mention.end, turn.part(core.start + drop, core.end))
        return None

    def _swap(self, turn: Turn, core: Core, mention: Mention, earlier: Turn) -> str | None:
        if mention.term.name in self._cues.aspects:
            return None
        front, _ = self._beginning(mention, turn, True)
        front = max(front, core.start)
        preposed = turn.words[front] in self._cues.prepositions
        target = self._counterpart(mention, earlier)
        if not target and preposed and mention.term.kind not in self._cues.narrowing:
            return self._with_ending(turn.words[front], turn.part(front, mention.end), earlier)
        if target:
            start, with_preposition = self._beginning(target, earlier, preposed)
            drop = preposed and not with_preposition
            given = turn.part(front + drop, mention.end)
            return earlier.swapped(start, target.end, given)
        if not self._is_treatment(mention) and mention.term.kind not in self._cues.narrowing:
            return None
        lead = "" if preposed else f"{self._cues.before[mention.term.kind]} "
        return f"{earlier.text} {lead}{turn.part(front, mention.end)}"

    def _with_ending(self, preposition: str, given: str, earlier: Turn) -> str | None:
        """ "In urine?" after a question that ends "… in the body"."""
        for start in range(max(0, len(earlier.words) - LONGEST_ENDING), len(earlier.words)):
            if earlier.words[start] == preposition:
                return earlier.swapped(start, len(earlier.words), given)
        return None

    def _counterpart(self, mention: Mention, earlier: Turn) -> Mention | None:
        """The name in the earlier question that this one takes the place of: the most akin, else the last."""
        others = [other for other in earlier.mentions if self._alike(other, mention)]
        family = self._vocabulary.ancestors(mention.term.name) | {mention.term.name}

        def kinship(other: Mention) -> tuple[bool, int]:
            return bool(family & (self._vocabulary.ancestors(other.term.name) | {other.term.name})), other.start

        return max(others, key=kinship, default=None)

    def _alike(self, one: Mention, other: Mention) -> bool:
        if one.term.name in self._cues.aspects:
            return False
        if self._is_treatment(one) or self._is_treatment(other):
            return self._is_treatment(one) and self._is_treatment(other)
        return self._cues.groups.get(one.term.kind, -1) == self._cues.groups.get(other.term.kind, -2)

    def _beginning(self, target: Mention, earlier: Turn, preposed: bool) -> tuple[int, bool]:
        """Where a name begins with its article and, if wanted, its preposition; whether one was found."""
        inner = [place for place in range(target.start, target.end) if earlier.words[place] in self._cues.prepositions]
        if preposed and inner:
            return inner[-1], True
        if inner[:1] == [target.start]:
            return target.start + 1, False
        start = self._shortest(target, earlier)
        while start and earlier.words[start - 1] in self._cues.articles:
            start -= 1
        if preposed and start and earlier.words[start - 1] in self._cues.prepositions:
            return start - 1, True
        return start, False

    def _shortest(self, mention: Mention, turn: Turn) -> int:
        """Where a name begins without the verb before it: "drink alcohol" → "alcohol"."""
        if mention.term.kind in self._cues.taken:
            for start in range(mention.end - 1, mention.start, -1):
                if mention.term.name in self._vocabulary.names(turn.part(start, mention.end)):
                    return start
        return mention.start

    def _leaning(self, turn: Turn, core: Core, earlier: Turn) -> str:
        words = turn.words[core.start : core.end]
        if words in self._cues.leads:
            return self._asked_anew(words, turn.part(core.start, core.end), earlier)
        said, whole = self._resolved(turn, core, earlier)
        if self._is_sentence(turn, core):
            return said if whole else f"{said} {self._carried_over(turn, core, said, earlier)}"
        if not any(not self._is_thing(mention) for mention in turn.mentions):
            return f"{earlier.text} {said}"
        names = self._names(self._turn(said), earlier, self._cues.narrowing)
        return f"{self._cues.compose['what']} {said} {names} {self._where(said, earlier)}"

    def _asked_anew(self, words: Sequence[str], said: str, earlier: Turn) -> str:
        """ "Why?", "how quickly?": the words that ask, in front of the earlier question without its own."""
        if places := [place for place, word in enumerate(words) if place and word in self._cues.auxiliaries]:
            # "Why is that?" asks "why?".
            said = " ".join(words[: places[0]])
        start = self._cues.leads.at(earlier.words, 0, len(earlier.words))
        auxiliary = earlier.words[start] if start < len(earlier.words) else ""
        if auxiliary not in self._cues.auxiliaries:
            return f"{said} {self._topic(earlier)}"
        if words in self._cues.negated and auxiliary in self._cues.contracted:
            return f"{words[0]} {self._cues.contracted[auxiliary]}{earlier.text[earlier.spans[start][1] :]}"
        return f"{said} {earlier.text[earlier.spans[start][0] :]}"

    def _resolved(self, turn: Turn, core: Core, earlier: Turn) -> tuple[str, bool]:
        """The turn with what its pronoun stands for; whether that was all the earlier question is about."""
        said = turn.part(core.start, core.end)
        places = self._pronouns(turn, core)
        if not places:
            return said, False
        # "Was it the drug?": the general word is replaced, not the pronoun.
        for start, end in sorted(places, key=lambda place: place[0] - place[1]):
            if head := self._head(turn, core, start, end, earlier):
                said = f"{turn.part(core.start, start)} {head} {turn.part(end, core.end)}".strip()
                return said, head == self._topic(earlier)
        return said, False

    def _head(self, turn: Turn, core: Core, start: int, end: int, earlier: Turn) -> str | None:
        """What a pronoun stands for; None when it can't be told."""
        word = turn.words[start]
        if word in self._cues.many:
            return self._several(word, earlier)
        if word in self._cues.pointing or word in self._cues.mine:
            return None
        if self._ends_with_statement(turn, core, start):
            return self._last_unnamed(turn, earlier) if self._is_sentence(turn, core) else None
        if self._is_noun_phrase(earlier):
            return self._topic(earlier)
        general = end - start > 1
        pointed = word in self._cues.one or general or self._asks_for_thing(earlier)
        happens = self._cues.happening.intersection(turn.words[end : end + 1])
        study = None if general or happens or not pointed else self._study(earlier)
        effect = None if general else self._effect(turn, start, earlier)
        return effect or study or (self._object(turn, start, earlier) if pointed and not happens else None)

    def _object(self, turn: Turn, start: int, earlier: Turn) -> str | None:
        """The treatment or other thing that "it" stands for, else all that the earlier question is about."""
        things = [m for m in earlier.mentions if self._is_thing(m) and m.term.kind in self._cues.objects]
        treatments = [m for m in things if self._is_treatment(m)]
        told = [m for m in things if not self._is_treatment(m)]
        own = bool(self._cues.own.intersection(turn.words[max(0, start - 1) : start]))
        if found := (told if own else treatments) or things:
            return self._with_front(found[0], earlier)
        defined = self._cues.things.at(earlier.words, 0, len(earlier.words))
        is_asked = defined and self._cues.be.intersection(earlier.words[defined : defined + 1])
        return self._topic(earlier) if is_asked else None

    def _with_front(self, thing: Mention, earlier: Turn) -> str:
        """A name with its article, or with the capitals before it ("SAINT magnetic stimulation")."""
        start, _ = self._beginning(thing, earlier, False)
        while start and earlier.part(start - 1, start).isupper() and earlier.words[start - 1] not in self._cues.selves:
            start -= 1
        return earlier.part(start, thing.end)

    def _last_unnamed(self, turn: Turn, earlier: Turn) -> str | None:
        """The last name in the earlier question that this turn doesn't hold: what "… with that?" points to."""
        own = {mention.term.name for mention in turn.mentions}
        others = [mention for mention in earlier.mentions if mention.term.name not in own]
        return earlier.part(others[-1].start, others[-1].end) if others else None

    def _effect(self, turn: Turn, start: int, earlier: Turn) -> str | None:
        """The illness, symptom or organ that "it" stands for, rather than the treatment."""
        kinds, aspects = self._cues.effects, self._cues.aspects
        effects = [m for m in earlier.mentions if m.term.kind in kinds and m.term.name not in aspects]
        if self._cues.having.intersection(turn.words[max(0, start - 1) : start]):
            found = [m for m in earlier.mentions if m.term.kind == "condition"]
        elif self._cues.of_effects.intersection(turn.words):
            found = effects + [
                m for m in earlier.mentions if m.term.name in self._cues.aspects and self._is_name(m, earlier)
            ]
        else:
            found = [m for m in effects if m.term.kind == "symptom" and not any(map(self._is_thing, turn.mentions))]
        return earlier.part(found[-1].start, found[-1].end) if found else None

    def _several(self, word: str, earlier: Turn) -> str | None:
        """What "they" or "both" stands for: several effects, two treatments, or people."""
        plural = [
            m for m in earlier.mentions if m.term.name in self._cues.aspects and earlier.words[m.end - 1].endswith("s")
        ]
        if plural and word not in self._cues.two:
            return earlier.part(plural[-1].start, plural[-1].end)
        compared = [chunk for chunk in self._chunks(earlier, self._cues.objects) if len(chunk) > 1]
        if compared:
            return earlier.part(compared[0][0].start, compared[0][-1].end)
        return next((word for word in reversed(earlier.words) if word in self._cues.people), None)

    def _is_noun_phrase(self, earlier: Turn) -> bool:
        """True for "tell me about lozenges at home" and for a few words that are no question."""
        core = Core(0, len(earlier.words), False, False, False)
        words = words_of(self._topic(earlier))
        return not self._is_sentence(earlier, core) and len(words) <= LONGEST_NAME and words[0] not in self._cues.selves

    def _study(self, earlier: Turn) -> str | None:
        """The study that the earlier question names: "the KADS trial", or a name in capitals that is no other name."""
        for end, word in enumerate(earlier.words, start=1):
            start = end - 1
            while word in self._cues.nouns and start and not self._ends_name(earlier.words[start - 1]):
                start -= 1
            if not (self._cues.articles | self._cues.pointers).issuperset(earlier.words[start : end - 1]):
                return earlier.part(start, end)
            if word in self._cues.nouns and earlier.words[end : end + 1] == [self._cues.compose["of_study"]]:
                return earlier.part(start, min(end + LONGEST_ENDING, len(earlier.words)))
        known = {place for mention in earlier.mentions for place in range(mention.start, mention.end)}
        for place in range(len(earlier.words)):
            name = earlier.part(place, place + 1)
            if place not in known and name.isupper() and name.isalpha() and len(name) >= SHORTEST_NAME:
                return STUDY_NAME.match(earlier.text, earlier.spans[place][0])[0]  # type: ignore[index]
        return None

    def _ends_name(self, word: str) -> bool:
        cues = self._cues
        return word in cues.auxiliaries or word in cues.prepositions or (word,) in cues.leads or word in cues.selves

    def _carried_over(self, turn: Turn, core: Core, said: str, earlier: Turn) -> str:
        """What a question lacks of the earlier one: the statement it judges, the names it doesn't name."""
        points = {turn.words[start] for start, end in self._pronouns(turn, core) if end - start == 1}
        resolved = said != turn.part(core.start, core.end)
        if (
            points & self._cues.statement
            and not resolved
            and not self._is_noun_phrase(earlier)
            and not self._asks_for_thing(earlier)
        ):
            return f"{self._cues.compose['statement']} {self._topic(earlier)}"
        where = self._where(said, earlier)
        if not earlier.mentions:
            told = points and self._is_noun_phrase(earlier)
            return where if told or self._study(earlier) else self._ending(earlier) or where
        kinds = self._cues.narrowing
        if points and all(map(self._is_thing, turn.mentions)):
            kinds |= self._cues.effects
        rest = self._turn(said)
        if any(map(self._is_thing, earlier.mentions)):
            return f"{self._names(rest, earlier, kinds)} {where}"
        return f"{self._names(rest, earlier) or self._ending(earlier)} {where}"

    def _where(self, said: str, earlier: Turn) -> str:
        """The study that the earlier question names; the whole of one that names nothing at all."""
        if study := self._study(earlier):
            return "" if study in said else f"{self._cues.compose['in_study']} {study}"
        topic = self._topic(earlier)
        return "" if earlier.mentions or topic in said else f"{self._cues.compose['topic']} {topic}"

    def _asks_for_thing(self, earlier: Turn) -> bool:
        """True for "what …", "who …": no statement that a later "that" could stand for."""
        return bool(self._cues.things.at(earlier.words, 0, len(earlier.words)))

    def _names(self, turn: Turn, earlier: Turn, kinds: frozenset[str] | None = None, bare: bool = False) -> str:
        """The names of the earlier question (of some kinds) that a turn lacks, each with the word before it."""
        own = {mention.term.name for mention in turn.mentions}
        words: list[str] = []
        for chunk in self._chunks(earlier, kinds):
            if all(m.term.name in own or earlier.part(m.start, m.end) in turn.text for m in chunk):
                continue
            start = self._shortest(chunk[0], earlier)
            first = bare and not words
            kept = start > 0 and earlier.words[start - 1] in self._cues.kept and not first
            led = kept or first or earlier.words[start] in self._cues.prepositions
            lead = "" if led else f"{self._cues.before[chunk[0].term.kind]} "
            words.append(lead + earlier.part(start - kept, chunk[-1].end))
        return " ".join(words)

    def _chunks(self, earlier: Turn, kinds: frozenset[str] | None) -> list[list[Mention]]:
        """Names in order, those joined by "or" or "and" together."""
        chunks: list[list[Mention]] = []
        for mention in earlier.mentions:
            wanted = kinds is None or mention.term.kind in kinds or self._is_treatment(mention)
            overlaps = bool(chunks) and mention.start < chunks[-1][-1].end
            if overlaps or not wanted or not self._is_name(mention, earlier):
                continue
            between = earlier.words[chunks[-1][-1].end : mention.start] if chunks else ["", ""]
            if len(between) == 1 and between[0] in self._cues.joins:
                chunks[-1].append(mention)
            else:
                chunks.append([mention])
        return chunks

    def _ending(self, earlier: Turn) -> str:
        """ "… in a session": the last words of a question that names nothing."""
        places = [place for place, word in enumerate(earlier.words) if place and word in self._cues.kept]
        return earlier.part(places[-1], len(earlier.words)) if places else ""

    def _is_name(self, mention: Mention, turn: Turn) -> bool:
        """False for a phrase of the vocabulary that is half a sentence ("how long does it last", "last for")."""
        words = turn.words[mention.start : mention.end]
        asks = self._cues.leads.at(turn.words, mention.start, mention.end) or self._cues.auxiliaries.intersection(words)
        return not asks and words[-1] not in self._cues.prepositions

    def _topic(self, earlier: Turn) -> str:
        """What the earlier question is about, without the words that make it a question."""
        end = len(earlier.words)
        start = self._cues.told.at(earlier.words, 0, end)
        start += self._cues.leads.at(earlier.words, start, end)
        while start < end - 1 and earlier.words[start] in self._cues.auxiliaries:
            start += 1
        return earlier.text[earlier.spans[min(start, end - 1)][0] :]


def _question(text: str) -> str:
    """With single spaces and one question mark."""
    return f"{' '.join(text.split()).rstrip(MARKS)}?"
