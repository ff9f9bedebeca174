"""Where a sentence and its quotes part: what is denied, which way, of which group, how surely.

Each function gives the reason for a failure, or an empty string. They read clauses, not grammar: what they let
through and what they stop by mistake is measured by ``python -m evals.measure_checks``.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations

from answer.dissect import AS_CLOSE, Clause, Text, closest
from answer.quantities import Quantity
from answer.rules import Words

# How many stems behind a negation it is about, and how many it may still be about.
NEAR = 2
REACHED = 4
# Share of a clause's stems that a sentence has when it speaks of the same thing.
COVERED = 0.5
COVERED_HEDGED = 0.65
# How much better an exchanged pair of amounts must fit than the pair as it stands.
MARGIN = 0.2
# … and an exchanged pair of groups.
MARGIN_NAMES = 0.4
# Levels of [certainty] amounts.
SOME, MANY = 1, 2
# Words between two amounts of groups that are compared.
COMPARING = frozenset(["against", "versus", "vs", "compared"])


def negation(said: Text, relied: Sequence[Text], words: Words) -> str:
    """Clause by clause: what one denies, the clause that is most like it on the other side denies too."""
    theirs = [clause for text in relied for clause in text.clauses]
    return _denies_too_much(said, theirs, words) or _denies_too_little(said, theirs, words)


def _denies_too_much(said: Text, theirs: Sequence[Clause], words: Words) -> str:
    if any(clause.doubled for clause in said.clauses) and not any(clause.doubled for clause in theirs):
        return "denies twice what the source denies once"
    for clause in said.clauses:
        if clause.denied and not _is_denied(clause, theirs, words):
            return f"denies “{clause.denied[0]}”, which the source doesn't"
    return ""


def _is_denied(clause: Clause, theirs: Sequence[Clause], words: Words) -> bool:
    """True when the quotes deny what a clause denies."""
    denied = {stem for other in theirs for stem in other.denied[:REACHED]}
    head = clause.denied[0]
    close = closest(clause, theirs) or theirs
    otherwise = any(other.cues or other.words & words.alike - clause.words for other in close)
    if clause.trailing:
        return otherwise or bool(set(clause.denied[:REACHED]) & denied - words.general)
    if head in denied or (head not in _affirmed(theirs) and otherwise):
        return True
    if set(clause.denied[1:NEAR]) & denied:
        return True
    if any(head in other.stems and other.cues and not other.narrow for other in close):
        return True
    return any(_same_subject(clause, other, words) for other in theirs if other.cues)


def _same_subject(clause: Clause, other: Clause, words: Words) -> bool:
    """True when a clause that denies holds the very thing that the other denies."""
    heads = [stem for stem in other.denied[:REACHED] if stem not in words.general][:NEAR]
    return len(heads) == NEAR and set(heads) <= clause.stems


def _denies_too_little(said: Text, theirs: Sequence[Clause], words: Words) -> str:
    # A word like "only" that the source has too answers for itself, and not for a negation.
    alike = words.alike.difference(*(clause.words for clause in theirs))
    silent = not any(clause.cues or clause.words & alike for clause in said.clauses)
    mine = words.widened(said.content)
    for clause in theirs:
        if not clause.denied or clause.trailing:
            continue
        shared = clause.stems & mine
        if silent and len(clause.stems - words.general) > NEAR and len(shared) >= COVERED * len(clause.stems):
            return f"leaves out that the source denies “{clause.denied[0]}”"
        heads = (stem for stem in clause.denied[:NEAR] if stem not in words.general)
        head = next((stem for stem in heads if stem in said.content), "")
        if head and len(shared) >= min(NEAR, len(clause.stems)) and _affirms(said, head, clause, theirs, alike):
            return f"affirms “{head}”, which the source denies"
    return ""


def _affirms(said: Text, head: str, denying: Clause, theirs: Sequence[Clause], alike: frozenset[str]) -> bool:
    """True when the clause most like one that denies a stem says that it is so, and the quotes say so nowhere."""
    spoken = [clause for clause in said.clauses if head in clause.stems]
    if not spoken:
        return False
    sure = head not in _affirmed(theirs) or all(c.cues for mine in spoken for c in closest(mine, theirs))
    most = max(clause.likeness(denying) for clause in spoken)
    return sure and not any(clause.denies(head, alike) for clause in spoken if clause.likeness(denying) >= most)


def _affirmed(clauses: Sequence[Clause]) -> set[str]:
    return {stem for clause in clauses for stem in clause.stems if stem not in clause.denied}


def direction(said: Text, relied: Sequence[Text], words: Words) -> str:
    """More or less, better or worse, and which side of a comparison is which."""
    return _other_pole(said, relied, words) or _turned_round(said, relied)


def _denied_near(said: Text, theirs: Sequence[Clause], word: str, words: Words) -> bool:
    """True when a clause with this word denies it, or the clauses most like it deny something that is not narrow."""
    stem = words.stem(word)
    spoken = [clause for clause in said.clauses if word in clause.words]
    return any(
        clause.denies(stem, frozenset()) or any(other.cues and not other.narrow for other in closest(clause, theirs))
        for clause in spoken
    )


def _other_pole(said: Text, relied: Sequence[Text], words: Words) -> str:
    spoken = frozenset().union(*(text.directions for text in relied))
    clauses = [clause for text in relied for clause in text.clauses]
    if _agreed(said, relied):
        return ""
    for one, other in words.poles:
        for mine, theirs in ((one, other), (other, one)):
            here, there = said.directions & mine, spoken & theirs
            if not here or not there or said.directions & theirs or spoken & mine:
                continue
            if not any(_denied_near(said, clauses, word, words) for word in here):
                return f"says “{min(here)}” where the source says “{min(there)}”"
    return ""


def _turned_round(said: Text, relied: Sequence[Text]) -> str:
    """A comparison that contradicts one of the quotes and agrees with none."""
    known = [comparison for text in relied for comparison in text.comparisons()]
    for order, pole in said.comparisons():
        verdicts = {_agreement(order, pole, *other) for other in known}
        if False in verdicts and True not in verdicts:
            return "compares the other way round than the source"
    return ""


def _agreed(said: Text, relied: Sequence[Text]) -> bool:
    """True when a comparison says the same as one of the quotes, be it as "B more than A" for "A less than B"."""
    known = [comparison for text in relied for comparison in text.comparisons()]
    return any(_agreement(*mine, *theirs) for mine in said.comparisons() for theirs in known)


def _agreement(
    mine: set[tuple[str, str]],
    pole: tuple[int, int] | None,
    theirs: set[tuple[str, str]],
    their_pole: tuple[int, int] | None,
) -> bool | None:
    """True when two comparisons say the same, False when one is the other turned round, None when they differ."""
    same = bool(mine & theirs)
    swapped = not same and any((b, a) in theirs for a, b in mine)
    opposite = bool(pole and their_pole and pole[0] == their_pole[0] and pole[1] != their_pole[1])
    if not same and not swapped:
        return None
    return same != opposite


def arms(said: Text, relied: Sequence[Text], words: Words) -> str:
    """Which amount belongs to which group, and what is said of which."""
    for text in relied:
        for mine, yours in combinations(said.amounts, 2):
            if mine.kind == yours.kind and not mine.agrees(yours) and _amounts_swapped(said, mine, yours, text):
                one, other = (said.text[amount.start : amount.end] for amount in (mine, yours))
                return f"gives {one} and {other} the other way round"
        # Where groups have amounts or are compared, these say which is which.
        told = len(said.amounts) > 1 or _agreed(said, [text])
        groups = [] if told else sorted(said.arms & text.arms)
        for first, second in combinations(groups, 2):
            if _names_swapped(said, first, second, text):
                return f"has “{first}” and “{second}” the other way round"
    return _exchanged(said, relied, words)


def _names_swapped(said: Text, one: str, other: str, text: Text) -> bool:
    """True when the words around two groups fit the source's better when the groups are exchanged."""
    kept = said.name_likeness(one, text, one) + said.name_likeness(other, text, other)
    swapped = said.name_likeness(one, text, other) + said.name_likeness(other, text, one)
    return swapped > kept + MARGIN_NAMES


def _amounts_swapped(said: Text, mine: Quantity, yours: Quantity, text: Text) -> bool:
    """True when two amounts fit the source's surroundings, or its groups, better when exchanged."""
    first = [quantity for quantity in text.quantities if mine.agrees(quantity)]
    second = [quantity for quantity in text.quantities if yours.agrees(quantity)]
    if not first or not second:
        return False
    kept = max(said.likeness(mine, text, q) for q in first) + max(said.likeness(yours, text, q) for q in second)
    swapped = max(said.likeness(mine, text, q) for q in second) + max(said.likeness(yours, text, q) for q in first)
    return swapped > kept + MARGIN or _owners_swapped(said, (mine, yours), text, first, second)


def _owners_swapped(
    said: Text, amounts: tuple[Quantity, Quantity], text: Text, ones: Sequence[Quantity], others: Sequence[Quantity]
) -> bool:
    """True when each of two amounts belongs to the group that has the other amount in the source."""
    among = frozenset(said.name_places) & frozenset(text.name_places)
    mine = _owners(said, amounts, among)
    if not all(mine) or mine[0] == mine[1]:
        return False
    pairs = [(text.owner(a, among), text.owner(b, among)) for a in ones for b in others]
    return mine[::-1] in pairs and mine not in pairs


def _owners(said: Text, amounts: tuple[Quantity, Quantity], among: frozenset[str]) -> tuple[str, str]:
    """The groups of two amounts. Of two groups that are compared, "19% against 41% on placebo", each has one."""
    one, other = said.owner(amounts[0], among), said.owner(amounts[1], among)
    between = frozenset(said.text[amounts[0].end : amounts[1].start].lower().split())
    if len(among) != 2 or (one and other and one != other) or not between & COMPARING:
        return one, other
    named = one or other
    if not named:
        return "", ""
    rest = min(among - {named})
    nearer = not other or (bool(one) and said.reach(amounts[0], named) <= said.reach(amounts[1], named))
    return (named, rest) if nearer else (rest, named)


def _exchanged(said: Text, relied: Sequence[Text], words: Words) -> str:
    """A clause about one drug that is most like the source's clause about another.

    The other is one of the sentence too, or one of those that must never be taken for each other.
    """
    theirs = [(clause, text.arms_of(clause) or text.arms) for text in relied for clause in text.clauses]
    for clause in said.clauses:
        groups = said.arms_of(clause)
        rivals = said.arms | words.distinct if groups & words.distinct else said.arms
        if len(groups) != 1 or len(rivals) < 2:
            continue
        own = Clause(clause.words, clause.stems - said.arm_stems)
        shared = [(own.likeness(other), named) for other, named in theirs]
        best = max((share for share, _ in shared), default=0.0)
        close = frozenset().union(*(named for share, named in shared if share and share >= AS_CLOSE * best))
        if best and close and not groups & close and close & rivals:
            return f"has “{min(groups)}” where the source has “{min(close & rivals)}”"
    return ""


def certainty(said: Text, relied: Sequence[Text], words: Words) -> str:
    """No surer than the source, and of no more people."""
    return _too_absolute(said, relied, words) or _unhedged(said, relied, words) or _of_too_many(said, relied, words)


def _too_absolute(said: Text, relied: Sequence[Text], words: Words) -> str:
    spoken, sure = _words(relied), frozenset().union(*(text.asserted for text in relied))
    for group, alike in words.absolutes:
        mine = {word for word in (said.words & group) - said.numbered - said.idle if not said.denies(word)}
        # What the source leaves open may be said where it is left open too.
        known = (sure if mine & said.asserted else spoken) & group
        if mine and not known and not spoken & alike:
            return f"says “{min(mine)}”, the source doesn't"
    return ""


def _unhedged(said: Text, relied: Sequence[Text], words: Words) -> str:
    if said.words & words.hedges:
        return ""
    for clause in (clause for text in relied for clause in text.clauses):
        bound = clause.words & words.binding
        if "only" in clause.words:
            # "Only one result could be used": what was possible, not what is uncertain.
            bound -= {"could"}
        if bound and len(clause.stems & said.content) >= COVERED_HEDGED * len(clause.stems):
            return f"leaves out that the source says “{min(bound)}”"
    return ""


def _of_too_many(said: Text, relied: Sequence[Text], words: Words) -> str:
    level = words.amount(said.words - said.numbered - said.compared - said.idle)
    spoken = frozenset().union(*(text.words - text.idle for text in relied))
    if level <= max(words.amount(spoken), MANY if spoken & words.answer_for_many else SOME):
        return ""
    shares = [quantity.value for text in relied for quantity in text.quantities if quantity.kind == "share"]
    counted = bool(shares) and (level < 3 or max(shares) > 0.5)
    return "" if counted else "says it of more people or more often than the source"


def _words(relied: Iterable[Text]) -> frozenset[str]:
    return frozenset().union(*(text.words for text in relied))
