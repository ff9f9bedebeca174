"""A staged release on a small real corpus: compared, published, gone back from, and killed in the middle."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from answer.engine import Engine
from answer.schema import Question
from desk import audit
from desk.database import Database
from desk.faq import FaqDesk
from desk.golden import GoldenError, StaffQuestions, read
from desk.models import Document, User, now
from desk.release import Comparison, ReleaseError, Releases
from desk.relying import Relying, relying
from desk.replay import Change, Reply, diff
from desk.users import Users
from ingest import stage
from ingest.corpus import ingest_paths
from ingest.embed import Embedder
from settings import ROOT, Settings
from tests.desk.small import COST, ENTRY, NEW_PRICE, OTHER, STAY, WAIT, card, small_corpus

Publishing = Callable[..., Releases]
GOOD = "tidal copper lantern"


@pytest.fixture
def kind() -> str:
    """The files of the index are what is tested; one kind of database is enough."""
    return "sqlite"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return small_corpus(tmp_path / "corpus")


@pytest.fixture
def settings(tmp_path: Path, kind: str, corpus: Path, embedder: Embedder) -> Settings:
    """Settings of that corpus, ingested."""
    made = Settings(data_dir=tmp_path / "data", corpus_dir=corpus)
    ingest_paths(made, [], lambda: embedder)
    return made


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "golden.jsonl"
    rows = [{"id": f"g{number}", "question": text} for number, text in enumerate((COST, STAY, OTHER))]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.fixture
def publishing(settings: Settings, database: Database, embedder: Embedder, questions: Path) -> Publishing:
    """Makes releases with a way to publish of the test's own."""
    return lambda publish=None: Releases(settings, database, lambda: embedder, publish, questions)


@pytest.fixture
def releases(publishing: Publishing) -> Releases:
    return publishing()


@pytest.fixture
def anna(database: Database) -> User:
    return Users(database).add("anna", GOOD, "editor", "test")


def live(settings: Settings) -> str:
    """The words of the live literature, as they lie on the disk."""
    folder = stage.parts(settings)["literature"]
    manifest = folder.manifest(folder.live_name() or "")
    lines = [
        json.loads(line)
        for name in manifest.segments
        for line in (folder.segment(name) / "passages.jsonl").read_text(encoding="utf-8").splitlines()
        if manifest.lives_in(json.loads(line)["source_id"], name)
    ]
    return " ".join(line["text"] for line in lines)


def told(settings: Settings) -> str:
    """What a reader is told of the price, by an engine opened now."""
    engine = Engine.open(settings)
    answer = engine.ask(Question(text=COST)).text
    engine.close()
    return answer


def reprice(corpus: Path) -> None:
    card(corpus, "price", "What an infusion costs", "cost-insurance", NEW_PRICE)


def kinds(found: Comparison) -> dict[str, list[str]]:
    return {change.question: list(change.kinds) for change in found.changes}


def test_a_changed_card_is_told_and_nothing_is_live_before_it_is_published(
    releases: Releases, settings: Settings, corpus: Path, anna: User
) -> None:
    names = stage.live_names(settings)
    reprice(corpus)
    found = releases.compare(anna)
    assert found.is_new
    assert kinds(found) == {COST: ["text"]}
    assert "400" in found.changes[0].before.text
    assert "700" in found.changes[0].after.text
    assert stage.live_names(settings) == names
    assert "400" in live(settings)
    assert releases.comparison() == found
    releases.publish(anna)
    assert "700" in live(settings)
    assert releases.comparison() is None
    assert not list(settings.data_dir.glob("*-staged*"))


def test_a_withdrawn_source_is_told_with_the_entries_that_rely_on_it(
    releases: Releases, corpus: Path, anna: User
) -> None:
    (corpus / "literature" / "waiting.md").unlink()
    found = releases.compare(anna)
    assert found.lost == ["waiting"]
    assert {"outcome", "source_lost"} <= set(kinds(found)[STAY])
    assert found.relying == [Relying(id="how-long-to-stay", where="corpus", missing=["waiting"], withdrawn=[])]


def test_files_that_did_not_change_make_nothing_new(releases: Releases, anna: User) -> None:
    found = releases.compare(anna)
    assert (found.is_new, found.changes, found.asked) == (False, [], 3)


def test_questions_of_the_staff_are_asked_too(releases: Releases, database: Database, anna: User) -> None:
    staff = StaffQuestions(database)
    staff.add("  What   helps against nausea? ", anna)
    staff.add(COST, anna)
    assert releases.compare(anna).asked == 4
    with pytest.raises(GoldenError, match="already"):
        staff.add("What helps against nausea?", anna)
    staff.remove(staff.all()[0].id, anna)
    assert [question.text for question in staff.all()] == [COST]
    for text in ("a", "x" * 501):
        with pytest.raises(GoldenError, match="characters"):
            staff.add(text, anna)


def test_one_press_goes_back_to_the_version_before(
    releases: Releases, settings: Settings, corpus: Path, anna: User, database: Database
) -> None:
    assert releases.published() is None
    reprice(corpus)
    releases.compare(anna)
    releases.publish(anna)
    assert releases.published() is not None
    releases.roll_back(anna)
    assert "400" in told(settings)
    assert releases.published() is None
    with pytest.raises(ReleaseError, match="no release to go back"):
        releases.roll_back(anna)
    assert releases.compare(anna).is_new, "the files still hold what was published"
    with database.reading() as session:
        done = [entry.what for entry in reversed(audit.entries(session)) if entry.target_kind == "release"]
    assert done == [
        "release compared", "release being published", "release published", "release rolled back", "release compared",
    ]  # fmt: skip


def test_what_changed_after_the_comparison_is_not_published(
    releases: Releases, settings: Settings, corpus: Path, anna: User, embedder: Embedder
) -> None:
    with pytest.raises(ReleaseError, match="compare first"):
        releases.publish(anna)
    releases.compare(anna)
    reprice(corpus)
    with pytest.raises(ReleaseError, match="Files have changed"):
        releases.publish(anna)
    assert "400" in live(settings)
    releases.compare(anna)
    ingest_paths(settings, [], lambda: embedder)
    with pytest.raises(ReleaseError, match="Something else was published"):
        releases.publish(anna)


def test_files_that_change_while_it_is_published_bring_the_version_before_back(
    publishing: Publishing, settings: Settings, anna: User, embedder: Embedder
) -> None:
    corpus = settings.corpus_dir

    def publish() -> None:
        card(corpus, "late", "A late card", "cost-insurance", "A drink of water is free.")
        ingest_paths(settings, [], lambda: embedder)

    releases = publishing(publish)
    names = stage.live_names(settings)
    reprice(corpus)
    releases.compare(anna)
    with pytest.raises(ReleaseError, match="version before is live again"):
        releases.publish(anna)
    assert stage.live_names(settings) == names
    assert "400" in live(settings)


def test_a_later_publication_cannot_be_gone_back_over(
    releases: Releases, settings: Settings, corpus: Path, anna: User, embedder: Embedder
) -> None:
    reprice(corpus)
    releases.compare(anna)
    releases.publish(anna)
    card(corpus, "late", "A late card", "cost-insurance", "A drink of water is free.")
    ingest_paths(settings, [], lambda: embedder)
    assert releases.published() is None
    with pytest.raises(ReleaseError, match="published since"):
        releases.roll_back(anna)


def test_discarding_leaves_the_live_version_and_no_folder_behind(
    releases: Releases, settings: Settings, corpus: Path, anna: User
) -> None:
    reprice(corpus)
    releases.compare(anna)
    releases.discard(anna)
    assert releases.comparison() is None
    assert not list(settings.data_dir.glob("*-staged*"))
    assert "400" in live(settings)


@pytest.mark.parametrize("act", ["compare", "publish", "discard", "roll_back"])
def test_a_reader_may_do_none_of_it(act: str, releases: Releases, database: Database) -> None:
    ben = Users(database).add("ben", GOOD, "reader", "test")
    with pytest.raises(ReleaseError, match="may read here"):
        getattr(releases, act)(ben)
    with pytest.raises(GoldenError, match="may read here"):
        StaffQuestions(database).add("What helps against nausea?", ben)


def test_two_people_do_not_get_in_each_others_way(publishing: Publishing, anna: User) -> None:
    refused: list[str] = []

    def publish() -> None:
        with pytest.raises(ReleaseError, match="right now") as error:
            publishing().discard(anna)
        refused.append(str(error.value))

    releases = publishing(publish)
    releases.compare(anna)
    releases.publish(anna)
    assert len(refused) == 1


CHILD = """
import os, signal, sys
from pathlib import Path
from desk.database import Database
from desk.release import Releases
from desk.users import Users
from ingest import stage
from ingest.corpus import ingest_paths
from ingest.embed import Embedder
from settings import Settings

data, corpus, questions, act, moment = sys.argv[1:]
settings = Settings(data_dir=Path(data), corpus_dir=Path(corpus))
database = Database.of(settings)
user = next(user for user in Users(database).all() if user.name == "anna")

def die(stage, done, total):
    if stage == moment:
        os.kill(os.getpid(), signal.SIGKILL)

publish = lambda: ingest_paths(settings, [], lambda: Embedder(), report=die)
releases = Releases(settings, database, lambda: Embedder(), publish, Path(questions))
if act == "copy":
    stage.shutil.copytree = lambda *_: die(moment, 0, 0)
releases.compare(user, die)
releases.publish(user)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("act", "moment"),
    [("copy", "copy"), ("compare", "embed"), ("compare", "manifest"), ("compare", "live"), ("compare", "staged")],
)
def test_a_comparison_killed_in_the_middle_leaves_the_live_version_untouched(
    act: str, moment: str, releases: Releases, settings: Settings, anna: User
) -> None:
    names = stage.live_names(settings)
    reprice(settings.corpus_dir)
    killed(settings, act, moment)
    assert stage.live_names(settings) == names
    assert "400" in told(settings)
    assert releases.comparison() is None
    assert kinds(releases.compare(anna)) == {COST: ["text"]}
    releases.publish(anna)
    assert "700" in live(settings)


def killed(settings: Settings, *how: str) -> None:
    """Compare and publish in another process, which kills itself at a moment."""
    arguments = [settings.data_dir, settings.corpus_dir, settings.data_dir.parent / "golden.jsonl", *how]
    done = subprocess.run([sys.executable, "-c", CHILD, *map(str, arguments)], cwd=ROOT, timeout=250, check=False)
    assert done.returncode == -9


def test_a_publication_killed_before_the_switch_changes_nothing_and_after_it_can_be_gone_back_from(
    publishing: Publishing, settings: Settings, anna: User, embedder: Embedder
) -> None:
    class KilledError(Exception):
        pass

    def dies_at(moment: str) -> Callable[[], object]:
        def report(stage: str, done: int, total: int) -> None:
            if stage == moment:
                raise KilledError

        return lambda: ingest_paths(settings, [], lambda: embedder, report=report)

    reprice(settings.corpus_dir)
    for moment, price, undo in (("manifest", "400", False), ("switch", "700", True)):
        releases = publishing(dies_at(moment))
        releases.compare(anna)
        with pytest.raises(KilledError):
            releases.publish(anna)
        assert price in live(settings)
        assert (releases.published() is not None) == undo
    releases.roll_back(anna)
    assert "400" in live(settings)


def test_a_publication_that_fails_leaves_the_way_back_to_the_one_before_the_last(
    publishing: Publishing, settings: Settings, anna: User
) -> None:
    def fail() -> None:
        raise OSError("disk full")

    reprice(settings.corpus_dir)
    releases = publishing()
    releases.compare(anna)
    releases.publish(anna)
    card(settings.corpus_dir, "late", "A late card", "cost-insurance", "A drink of water is free.")
    releases.compare(anna)
    with pytest.raises(OSError, match="disk full"):
        publishing(fail).publish(anna)
    assert "700" in live(settings)
    releases.roll_back(anna)
    assert "400" in live(settings)


def test_an_entry_of_the_desk_that_cites_a_withdrawn_document_is_found(
    settings: Settings, database: Database, corpus: Path, anna: User
) -> None:
    desk = FaqDesk(database, lambda _: (), second_person=False)
    content = ENTRY.format(claim=WAIT).replace("[waiting]", "[waiting, leaflet, elsewhere]")
    desk.save(content, 0, anna)
    desk.submit("how-long-to-stay", 1, anna)
    desk.approve("how-long-to-stay", 1, anna)
    with database.writing() as session:
        session.add(
            Document(
                source_id="leaflet", name="leaflet.pdf", sha256="0" * 64, matter={}, status="withdrawn",
                uploaded_by="anna", uploaded_at=now(),
            )
        )  # fmt: skip
    found = relying(settings, database, lambda id: id == "waiting")
    assert found == [Relying(id="how-long-to-stay", where="desk", missing=["elsewhere"], withdrawn=["leaflet"])]


def test_a_diff_holds_every_word_of_both_texts() -> None:
    before, after = (Reply(outcome="answered", confidence="", text=text, sources=[]) for text in ("a b c", "a x c d"))
    runs = diff(Change(question="?", before=before, after=after, kinds=["text"]))
    assert runs == [("same", "a"), ("lost", "b"), ("new", "x"), ("same", "c"), ("new", "d")]


def test_the_golden_questions_can_be_read_and_are_told_apart() -> None:
    rows = read()
    assert 50 <= len(rows) <= 80
    assert len({row.question for row in rows}) == len({row.id for row in rows}) == len(rows)
    assert {"crisis", "no_evidence", "off_topic", "answered"} <= {row.expect_outcome for row in rows}


@pytest.mark.parametrize("line", ["nonsense", '{"id": "a"}', '{"id": "a", "question": "x"}'])
def test_a_bad_golden_question_is_named_by_file_and_line(line: str, tmp_path: Path) -> None:
    path = tmp_path / "golden.jsonl"
    path.write_text(f'{{"id": "a", "question": "What is it?"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(GoldenError, match=r"golden\.jsonl:2: "):
        read(path)
    with pytest.raises(GoldenError, match="can't be read"):
        read(tmp_path / "missing.jsonl")
