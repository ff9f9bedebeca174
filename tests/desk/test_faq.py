"""FAQ entries of the desk: versions, approval by a second person, two editors at once, files in and out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from desk import audit
from desk.database import Database
from desk.faq import ChangedMeanwhileError, FaqDesk, FaqError
from desk.models import Kept, User, now
from desk.users import Users
from ingest.faq import FaqEntry
from settings import ROOT

GOOD = "tidal copper lantern"
ENTRY = """---
id: parking
questions:
  - Where can I park?
---
{sentence} [clinic-parking]
"""
FIRST, SECOND = (ENTRY.format(sentence=text) for text in ("There are ten places.", "There are twelve places."))


def check(entry: FaqEntry) -> Sequence[str]:
    """Stands for the checks against sources: one sentence isn't supported."""
    return ["No source says that."] if "free" in entry.sentences[0].text else []


@pytest.fixture
def staff(database: Database) -> dict[str, User]:
    users = Users(database)
    roles = {"anna": "editor", "ben": "editor", "cleo": "reader", "dora": "admin"}
    return {name: users.add(name, GOOD, role, "test") for name, role in roles.items()}


@pytest.fixture
def faq(database: Database) -> FaqDesk:
    return FaqDesk(database, check, second_person=True)


def test_an_entry_is_live_only_after_somebody_else_approved_it(faq: FaqDesk, staff: dict[str, User]) -> None:
    version = faq.save(FIRST, 0, staff["anna"])
    with pytest.raises(FaqError, match="no version 1 that is submitted"):
        faq.approve("parking", version.number, staff["ben"])
    faq.submit("parking", 1, staff["anna"])
    with pytest.raises(FaqError, match="somebody else"):
        faq.approve("parking", 1, staff["anna"])
    assert faq.live() == {}
    faq.approve("parking", 1, staff["ben"])
    assert faq.live() == {"parking": FIRST}


def test_one_person_is_enough_where_the_clinic_says_so(database: Database, staff: dict[str, User]) -> None:
    faq = FaqDesk(database, check, second_person=False)
    faq.save(FIRST, 0, staff["anna"])
    faq.submit("parking", 1, staff["anna"])
    faq.approve("parking", 1, staff["anna"])
    assert faq.live() == {"parking": FIRST}


def test_the_second_of_two_editors_is_told_and_gets_the_newer_text(faq: FaqDesk, staff: dict[str, User]) -> None:
    faq.save(FIRST, 0, staff["anna"])
    seen = faq.lock("parking")
    faq.save(SECOND, seen, staff["ben"])
    with pytest.raises(ChangedMeanwhileError, match="ben has changed") as caught:
        faq.save(FIRST, seen, staff["anna"])
    assert caught.value.newest.content == SECOND
    assert [version.number for version in faq.versions("parking")] == [2, 1]


def test_an_approved_version_can_be_brought_back(faq: FaqDesk, staff: dict[str, User], database: Database) -> None:
    for number, text in enumerate((FIRST, SECOND), start=1):
        faq.save(text, faq.lock("parking"), staff["anna"])
        faq.submit("parking", number, staff["anna"])
        faq.approve("parking", number, staff["ben"])
    assert "+There are twelve places. [clinic-parking]" in faq.diff("parking", 1, 2)
    faq.roll_back("parking", 1, staff["ben"])
    assert faq.live() == {"parking": FIRST}
    with database.reading() as session:
        entry = audit.entries(session)[0]
    assert (entry.who, entry.what, entry.before, entry.after) == ("ben", "rolled back", {"version": 2}, {"version": 1})


def test_what_the_sources_do_not_support_is_not_submitted(faq: FaqDesk, staff: dict[str, User]) -> None:
    faq.save(ENTRY.format(sentence="Parking is free."), 0, staff["anna"])
    with pytest.raises(FaqError, match="No source says that"):
        faq.submit("parking", 1, staff["anna"])


@pytest.mark.parametrize("text", ["", "no front matter", FIRST.replace(" [clinic-parking]", "")])
def test_a_text_that_is_no_entry_is_not_saved(text: str, faq: FaqDesk, staff: dict[str, User]) -> None:
    with pytest.raises(FaqError):
        faq.save(text, 0, staff["anna"])


def test_a_reader_may_not_write(faq: FaqDesk, staff: dict[str, User]) -> None:
    with pytest.raises(FaqError, match="may read"):
        faq.save(FIRST, 0, staff["cleo"])


def test_the_projects_own_entries_go_in_and_come_out_unchanged(
    faq: FaqDesk, staff: dict[str, User], tmp_path: Path
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for path in sorted((ROOT / "corpus" / "faq").glob("*.md"))[:10]:
        (source / path.name).write_bytes(path.read_bytes())
    with pytest.raises(FaqError, match="admin"):
        faq.bring_in(source, staff["anna"])
    assert faq.bring_in(source, staff["dora"]) == 10
    assert faq.bring_in(source, staff["dora"]) == 0
    assert faq.export(tmp_path / "out") == 10
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert written == {path.name: path.read_bytes() for path in source.iterdir()}


def test_a_live_entry_is_taken_off_and_can_come_back(faq: FaqDesk, staff: dict[str, User], database: Database) -> None:
    with pytest.raises(FaqError, match="isn't live"):
        faq.withdraw("parking", staff["ben"])
    faq.save(FIRST, 0, staff["anna"])
    faq.submit("parking", 1, staff["anna"])
    faq.approve("parking", 1, staff["ben"])
    with pytest.raises(FaqError, match="may read"):
        faq.withdraw("parking", staff["cleo"])
    faq.withdraw("parking", staff["ben"])
    assert faq.live() == {}
    with database.reading() as session:
        newest = audit.entries(session)[0]
    assert (newest.who, newest.what, newest.before) == ("ben", "withdrawn", {"version": 1})
    faq.roll_back("parking", 1, staff["ben"])
    assert faq.live() == {"parking": FIRST}


def test_a_file_like_an_unapproved_draft_goes_live_when_it_is_imported(
    faq: FaqDesk, staff: dict[str, User], tmp_path: Path
) -> None:
    faq.save(FIRST, 0, staff["anna"])
    (tmp_path / "parking.md").write_text(FIRST, encoding="utf-8")
    assert faq.bring_in(tmp_path, staff["dora"]) == 1
    assert faq.live() == {"parking": FIRST}


def test_the_questions_an_entry_was_written_for_are_covered_when_it_goes_live(
    faq: FaqDesk, staff: dict[str, User], database: Database
) -> None:
    with database.writing() as session:
        fields = {"reason": "no_evidence", "outcome": "no_evidence", "confidence": "", "language": "en", "site": ""}
        kept = Kept(answer_id="a" * 32, at=now(), text="Parking?", consent_at=now(), answer={}, **fields)
        session.add(kept)
        session.flush()
    faq.save(FIRST, 0, staff["anna"], covers=[kept.id, 999])
    faq.save(SECOND, faq.lock("parking"), staff["anna"], covers=[kept.id])
    faq.submit("parking", 2, staff["anna"])
    assert status(database, kept.id) == "open"
    faq.approve("parking", 2, staff["ben"])
    assert status(database, kept.id) == "covered"
    with database.reading() as session:
        newest = audit.entries(session)[0]
    assert (newest.who, newest.what, newest.target_kind) == ("ben", "status set", "kept")


def status(database: Database, id: int) -> str:
    with database.reading() as session:
        return session.get_one(Kept, id).status
