"""Where a use is off-label, as the literature says (``corpus/off-label.toml``), and when an answer has to say so."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from errors import OperatorError, first_mistake, read_toml
from ingest.vocabulary import Vocabulary, words_of


class OffLabelError(OperatorError):
    """``off-label.toml`` can't be used; the message names file and field."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Status(_Table):
    """What the literature says for one country: pins of the claims."""

    off_label: str
    approved: str = ""


class _Asked(_Table):
    medicines: list[str]
    conditions: list[str]
    routes: list[str]
    told_by: str


class _File(_Table):
    asked: _Asked
    countries: dict[str, Status]


_NOTHING = _File(asked=_Asked(medicines=[], conditions=[], routes=[], told_by="$"), countries={})


class OffLabel:
    """The file, loaded once; a corpus without one knows of no off-label use."""

    def __init__(self, path: Path, vocabulary: Vocabulary) -> None:
        """Read the file, where there is one.

        Raises:
            OffLabelError: it is malformed; the message names the field.
        """
        self._file, self._vocabulary = _read(path) if path.exists() else _NOTHING, vocabulary
        self._told_by = re.compile(self._file.asked.told_by, re.IGNORECASE)

    def due(self, question: str, sentences: Sequence[str], country: str) -> Status | None:
        """The status to tell beside an answer; None where it doesn't matter, isn't known, or is told already."""
        asked, status = self._file.asked, self._file.countries.get(country)
        about = self._vocabulary.named_with_ancestors(question)
        # A name may hide in a longer one ("iv ketamine" is a route), so the plain word counts too. A narrower medicine
        # ("esketamine") doesn't name the broader one.
        medicine = self._vocabulary.names(question).union(words_of(question)).intersection(asked.medicines)
        if (
            status is None
            or not medicine
            or about.isdisjoint([*asked.conditions, *asked.routes])
            or any(map(self._told_by.search, sentences))
        ):
            return None
        return status

    def pins(self) -> Iterator[tuple[str, str]]:
        """(field, pin) of every statement."""
        for code, status in self._file.countries.items():
            yield f"countries.{code}.off_label", status.off_label
            if status.approved:
                yield f"countries.{code}.approved", status.approved


def _read(path: Path) -> _File:
    try:
        return _File.model_validate(read_toml(path, OffLabelError))
    except ValidationError as error:
        raise OffLabelError(f"{path.name}: {first_mistake(error)}") from error
