"""What is known of people's spelling: words by ear and of text messages, and right words in the wrong place."""

import tomllib
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from errors import OperatorError

SLIPS = Path(__file__).with_name("slips.toml")


class SlipsError(OperatorError):
    """The file of slips can't be used; the message names file and field."""


class Misplaced(BaseModel):
    """A right word typed for another of the same sound, told by its neighbours.

    ``before`` and ``after`` are the words beside it, ``first`` is for the question's first word, ``anywhere`` for any;
    one of the four will do. None of ``unless`` may follow directly, none of ``without`` stand anywhere, and one of
    ``needs`` must follow later.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    typed: str
    meant: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    first: bool = False
    anywhere: bool = False
    unless: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def fits(self, words: Sequence[str], place: int) -> bool:
        """True when the word at ``place`` was meant for the other one."""
        earlier = words[place - 1] if place else ""
        later = words[place + 1] if place + 1 < len(words) else ""
        beside = self.anywhere or (self.first and not place) or earlier in self.before or later in self.after
        if words[place] != self.typed or not beside or later in self.unless or set(words) & set(self.without):
            return False
        return not self.needs or bool(set(words[place + 1 :]) & set(self.needs))


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    glue: str
    plain: str
    words: dict[str, str]
    misplaced: tuple[Misplaced, ...]


@dataclass(frozen=True, slots=True)
class Slips:
    """``words``: the right ones by the wrong; ``glue``: small words that run into their neighbours; ``plain``: words
    that are no slips, though a literature of medicine never uses them, the commonest first."""

    words: Mapping[str, str]
    misplaced: Sequence[Misplaced]
    glue: frozenset[str]
    plain: tuple[str, ...]

    @classmethod
    def read(cls, words: Sequence[str] = (), path: Path = SLIPS) -> Self:
        """Read the file; ``words`` are further plain ones.

        Raises:
            SlipsError: it is missing, not TOML, or an entry doesn't fit; the message names it.
        """
        try:
            file = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SlipsError(f"{path}: can't be read: {error}. Restore it from the project.") from error
        except ValidationError as error:
            first = error.errors()[0]
            raise SlipsError(f"{path}: {first['loc']}: {first['msg']}. Correct the entry.") from error
        return cls(file.words, file.misplaced, frozenset(file.glue.split()), (*words, *file.plain.split()))

    def mend(self, words: Sequence[str], names: Container[str] = ()) -> list[str]:
        """The words with those replaced that are certain, names left out; one may become two."""
        found = [right for word in words for right in (word if word in names else self.words.get(word, word)).split()]
        for rule in self.misplaced:
            found = [rule.meant if rule.fits(found, place) else word for place, word in enumerate(found)]
        return found
