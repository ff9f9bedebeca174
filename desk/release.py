"""A staged release: the next version is built aside and asked the golden questions; then it goes live, or it doesn't.

What was compared is what goes live: when files change after the comparison, or something else was published since,
publishing is refused. The release before is remembered, to go back to it in one step.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from answer.engine import Engine
from desk import audit, golden, replay
from desk.database import Database
from desk.models import User, now
from desk.relying import Relying, relying
from desk.users import allows
from errors import OperatorError
from ingest import stage
from ingest.corpus import ingest_paths
from ingest.embed import Embedder
from ingest.generation import write_atomically
from ingest.index import go_back
from settings import Settings

_COMPARISON, _PUBLISHED = "comparison.json", "published.json"
_PUBLISHING = "publishing.json"
"""What ``published.json`` will hold, while a publication is under way or where it was killed."""

Stored = TypeVar("Stored", bound=BaseModel)


class ReleaseError(OperatorError):
    """A version can't be compared, published or gone back from; the message says why. The live one is untouched."""


class Comparison(BaseModel):
    """What the golden questions were answered by the live and by the staged version.

    ``live`` names the live generations, ``staged`` is the digest of what the staged ones hold; ``lost`` and ``added``
    are ids of sources; ``relying`` are the FAQ entries that the staged version lacks a source of.
    """

    at: datetime
    who: str
    live: dict[str, str]
    staged: dict[str, str]
    is_new: bool
    asked: int
    changes: list[replay.Change]
    lost: list[str]
    added: list[str]
    relying: list[Relying]


class Published(BaseModel):
    """The last release that went live from here: the generations before it and, once it was finished, after it."""

    at: datetime
    who: str
    before: dict[str, str]
    after: dict[str, str] | None = None


class Releases:
    """Stage, compare, publish, discard, go back; each needs the role ``editor`` and is in the audit log."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        embed: Callable[[], Embedder],
        publish: Callable[[], object] | None = None,
        questions: Path = golden.FILE,
    ) -> None:
        """``publish`` makes the files live (an ingest when it is missing); ``questions`` is the golden ones' file."""
        self._settings, self._database, self._embed = settings, database, embed
        self._publish = publish or (lambda: ingest_paths(settings, [], embed))
        self._questions = questions
        self._folder = settings.data_dir / f"{settings.collection}-releases"

    def comparison(self) -> Comparison | None:
        """The last comparison that wasn't published or discarded."""
        return _read(self._folder / _COMPARISON, Comparison)

    def published(self) -> Published | None:
        """The last release, if it can still be gone back from."""
        kept = (_read(self._folder / name, Published) for name in (_PUBLISHING, _PUBLISHED))
        return next((last for last in kept if last and self._to_go_back(last)), None)

    def compare(
        self, user: User, tell: Callable[[str, int, int], None] = lambda stage, done, total: None
    ) -> Comparison:
        """Build the staged version and ask both; ``tell`` hears (stage, done, total).

        Raises:
            ReleaseError: the user may only read, or somebody else is at it.
            IngestError, IndexUnusableError: the staged version can't be built.
        """
        with self._alone(user):
            (self._folder / _COMPARISON).unlink(missing_ok=True)
            live = stage.live_names(self._settings)
            stage.build(self._settings, self._embed, tell)
            found = self._compare(user, live, tell)
            if stage.live_names(self._settings) != live:
                raise ReleaseError("Something else was published while this was compared. Please compare again.")
            numbers = {"asked": found.asked, "changed": len(found.changes)}
            with self._database.writing() as session:
                audit.log(session, user.name, "release compared", ("release", "staged"), after=numbers)
            self._write(_COMPARISON, found)
        return found

    def publish(self, user: User) -> None:
        """Make the staged version the live one.

        Raises:
            ReleaseError: nothing was compared, files or the live version have changed since, or the user may only read.
            IngestError: another ingest is running, or the disk is full.
        """
        with self._alone(user):
            compared = self._compared()
            before = stage.live_names(self._settings)
            self._log(user, "release being published", before=before)
            note = Published(at=now(), who=user.name, before=before)
            self._write(_PUBLISHING, note)
            try:
                self._publish()
            finally:
                after = stage.live_names(self._settings)
                if after == before:
                    (self._folder / _PUBLISHING).unlink()
            if stage.contents(self._settings) != compared.staged:
                self._switch(before, after)
                (self._folder / _PUBLISHING).unlink(missing_ok=True)
                raise ReleaseError("Files changed while this was published. The version before is live again.")
            self._write(_PUBLISHED, note.model_copy(update={"after": after}))
            (self._folder / _PUBLISHING).unlink(missing_ok=True)
            self._log(user, "release published", before=before, after=after)
            self._discard()

    def discard(self, user: User) -> None:
        """Forget the staged version; raises ``ReleaseError`` when the user may only read."""
        with self._alone(user):
            self._discard()
            self._log(user, "release discarded")

    def roll_back(self, user: User) -> None:
        """Make the generations before the last release live again; the files stay as they are.

        Raises:
            ReleaseError: there is none to go back from, or the user may only read.
            IngestError: an ingest is running.
        """
        with self._alone(user):
            last = self.published()
            if last is None:
                raise ReleaseError("There is no release to go back from: something else was published since.")
            names = stage.live_names(self._settings)
            self._switch(self._to_go_back(last), names)
            for name in (_PUBLISHING, _PUBLISHED):
                (self._folder / name).unlink(missing_ok=True)
            self._log(user, "release rolled back", before=names, after=stage.live_names(self._settings))

    def _compare(self, user: User, live: dict[str, str], tell: Callable[[str, int, int], None]) -> Comparison:
        given = [
            *(row.question for row in golden.read(self._questions)),
            *(q.text for q in golden.StaffQuestions(self._database).all()),
        ]
        questions = list(dict.fromkeys(given))
        with _engine(self._settings) as engine:
            before = replay.replay(engine, questions, lambda done, total: tell("live", done, total))
            old = {view.meta.id for view in engine.sources()}
        with _engine(stage.staged(self._settings)) as engine:
            after = replay.replay(engine, questions, lambda done, total: tell("staged", done, total))
            new = {view.meta.id for view in engine.sources()}
            lacking = relying(self._settings, self._database, lambda id: engine.source(id) is not None)
        return Comparison(
            at=now(),
            who=user.name,
            live=live,
            staged=(contents := stage.contents(stage.staged(self._settings))),
            is_new=contents != stage.contents(self._settings),
            asked=len(questions),
            changes=replay.changes(questions, before, after),
            lost=sorted(old - new),
            added=sorted(new - old),
            relying=lacking,
        )

    def _compared(self) -> Comparison:
        """The comparison that is about to be published, if it still tells the truth."""
        compared = self.comparison()
        if compared is None:
            raise ReleaseError("Nothing was compared yet. Please compare first.")
        if stage.live_names(self._settings) != compared.live:
            raise ReleaseError("Something else was published since the comparison. Please compare again.")
        stage.renew(self._settings, self._embed)
        if stage.contents(stage.staged(self._settings)) != compared.staged:
            raise ReleaseError("Files have changed since the comparison. Please compare again.")
        return compared

    def _to_go_back(self, last: Published) -> dict[str, str]:
        """The generations before a release, of the indexes that it changed and nothing has changed since."""
        live = stage.live_names(self._settings)
        after = last.after or live
        folders = stage.parts(self._settings)
        return {
            part: name
            for part, name in last.before.items()
            if live.get(part) == after.get(part) != name and folders[part].generation(name).is_dir()
        }

    def _switch(self, wanted: dict[str, str], live: dict[str, str]) -> None:
        for part, folder in stage.parts(self._settings).items():
            if part in wanted and wanted[part] != live.get(part):
                go_back(folder.root, wanted[part])

    def _discard(self) -> None:
        (self._folder / _COMPARISON).unlink(missing_ok=True)
        stage.discard(self._settings)

    def _log(self, user: User, what: str, **states: dict[str, str]) -> None:
        with self._database.writing() as session:
            audit.log(session, user.name, what, ("release", self._settings.collection), **states)

    def _write(self, name: str, stored: BaseModel) -> None:
        write_atomically(self._folder / name, stored.model_dump_json())

    @contextmanager
    def _alone(self, user: User) -> Iterator[None]:
        """One at a time, in all processes; and nobody who may only read."""
        if not allows(user, "editor"):
            raise ReleaseError(f"“{user.name}” may read here, not change anything: ask an admin for the role editor.")
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ReleaseError("Somebody is comparing or publishing right now. Please wait a moment.") from error
            yield


@contextmanager
def _engine(settings: Settings) -> Iterator[Engine]:
    """An engine that composes from the sources alone: a chat model says something else each time it is asked."""
    engine = Engine.open(settings.model_copy(update={"model": "", "model_translates": False, "model_triage": False}))
    try:
        yield engine
    finally:
        engine.close()


def _read(path: Path, kind: type[Stored]) -> Stored | None:
    """What was stored; None where nothing is, or an older version of the program wrote something else."""
    try:
        return kind.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None
