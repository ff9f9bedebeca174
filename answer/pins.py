"""A claim named from outside the literature, so that the name lasts: source id, "#", and the claim's first words."""

from collections.abc import Iterable, Mapping, Sequence

from ingest.schema import Passage


def pinned(pin: str, claims: Mapping[str, Sequence[Passage]]) -> Passage | None:
    """The one claim of its source that begins with the pin's words; None when there is none, or more than one.

    ``claims``: the passages of each source by the source's id.
    """
    source_id, _, start = pin.partition("#")
    found = [claim for claim in claims.get(source_id, ()) if start.strip() and claim.text.startswith(start.strip())]
    return found[0] if len(found) == 1 else None


def all_pinned(pins: Iterable[str], claims: Mapping[str, Sequence[Passage]]) -> list[Passage]:
    """The claims of all pins, in order; none when one of them can't be resolved."""
    found = [pinned(pin, claims) for pin in pins]
    return [passage for passage in found if passage] if all(found) else []
