"""Receipts: what was answered can be checked later, and what changed since is told apart."""

import json
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import answer.engine
from answer.engine import Engine
from answer.receipt import Finding, Receipt, ReceiptError, check_receipt, load_key, make_receipt
from answer.schema import Question
from ingest.corpus import ingest_paths
from ingest.embed import Embedder
from settings import ROOT, Settings

CARDS = ("murrough-2013-rct", "loo-2023-kads", "ekstrand-2022-ketect")
QUESTION = Question(text="How many people responded a day after ketamine in the 2013 two-hospital trial?")


class Clinic:
    """A corpus of three cards whose files can be changed, an engine on it, and a receipt of one answer."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self.corpus = folder / "corpus"
        self.corpus.mkdir()
        for name in ("crisis-lines.toml", "sections.toml", "vocabulary.toml"):
            shutil.copy(ROOT / "corpus" / name, self.corpus / name)
        (self.corpus / "literature").mkdir()
        for card in CARDS:
            shutil.copy(ROOT / "corpus" / "literature" / f"{card}.md", self.corpus / "literature")
        self.settings = Settings(data_dir=folder / "data", corpus_dir=self.corpus, answer_threshold=0)
        self._embedder = embedder
        self.engine = self._open()
        self.key = load_key(self.settings.data_dir, create=True)
        self.file = folder / "receipt.json"
        self.receipt = make_receipt(self.engine.ask(QUESTION), self.engine, self.key)
        self.file.write_text(self.receipt.model_dump_json(indent=1), encoding="utf-8")

    def _open(self) -> Engine:
        ingest_paths(self.settings, [], lambda: self._embedder)
        return Engine.open(self.settings)

    def card(self, name: str) -> Path:
        return self.corpus / "literature" / f"{name}.md"

    def edit(self, card: str, old: str, new: str) -> None:
        """Change a card and let the engine read it."""
        text = self.card(card).read_text(encoding="utf-8")
        assert old in text
        self.card(card).write_text(text.replace(old, new), encoding="utf-8")
        self.reopen()

    def reopen(self) -> None:
        self.engine.close()
        self.engine = self._open()

    def check(self) -> list[Finding]:
        return check_receipt(self.file, self.engine, self.key)

    def change_file(self, change: Callable[[dict[str, Any]], None]) -> None:
        data = json.loads(self.file.read_text(encoding="utf-8"))
        change(data)
        self.file.write_text(json.dumps(data), encoding="utf-8")


@pytest.fixture
def clinic(tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    monkeypatch.setattr(answer.engine, "Embedder", lambda name: embedder)  # the loaded one instead of a second copy
    made = Clinic(tmp_path, embedder)
    yield made
    made.engine.close()


def blocking(findings: list[Finding]) -> set[str]:
    return {finding.kind for finding in findings if finding.blocking}


def cited(receipt: Receipt) -> str:
    assert receipt.citations
    return receipt.citations[0].source_id


def test_a_receipt_holds_the_answer_its_quotes_and_every_check(clinic: Clinic) -> None:
    receipt = clinic.receipt
    assert receipt.answer.outcome == "answered"
    assert receipt.corpus_version == receipt.answer.corpus_version
    assert [item.quote for item in receipt.citations] == [item.quote for item in receipt.answer.citations]
    assert [item.text for item in receipt.sentences] == [item.text for item in receipt.answer.sentences]
    names = [check.name for check in receipt.sentences[0].checks]
    assert {"numbers", "names", "negation", "promise"} <= set(names)
    assert receipt.timings_ms["total"] > 0


def test_nothing_is_found_while_nothing_has_changed(clinic: Clinic) -> None:
    assert clinic.check() == []


def test_the_order_of_fields_and_the_spaces_of_the_file_dont_matter(clinic: Clinic) -> None:
    data = json.loads(clinic.file.read_text(encoding="utf-8"))
    clinic.file.write_text(json.dumps(dict(reversed(data.items())), indent=7), encoding="utf-8")
    assert clinic.check() == []


def test_one_changed_figure_makes_a_receipt_edited(clinic: Clinic) -> None:
    def change(data: dict[str, Any]) -> None:
        data["answer"]["sentences"][0]["text"] += " Always."

    clinic.change_file(change)
    assert [finding.kind for finding in clinic.check()] == ["edited"]


def test_an_added_field_makes_a_receipt_edited(clinic: Clinic) -> None:
    clinic.change_file(lambda data: data.update(note="checked by nobody"))
    assert [finding.kind for finding in clinic.check()] == ["edited"]


def test_a_source_that_no_longer_says_it_is_told(clinic: Clinic) -> None:
    quote = clinic.receipt.citations[0].quote
    clinic.edit(cited(clinic.receipt), quote, "Something else was found in the trial.")
    findings = clinic.check()
    assert blocking(findings) == {"source_changed"}
    assert quote in findings[0].detail


def test_a_source_that_changed_elsewhere_leaves_a_receipt_good(clinic: Clinic) -> None:
    card = cited(clinic.receipt)
    clinic.edit(card, "## Limits\n", "## Limits\n- A sentence was added to this card by a curator.\n")
    findings = clinic.check()
    assert {finding.kind for finding in findings} == {"source_changed"}
    assert blocking(findings) == set()


def test_a_withdrawn_source_is_told(clinic: Clinic) -> None:
    clinic.card(cited(clinic.receipt)).unlink()
    clinic.reopen()
    assert "source_withdrawn" in blocking(clinic.check())
    assert "source_changed" not in blocking(clinic.check())


def test_a_renamed_source_answers_to_its_old_name(clinic: Clinic) -> None:
    card = cited(clinic.receipt)
    clinic.edit(card, f"id: {card}\n", f"id: another-name\naliases: [{card}]\n")
    assert blocking(clinic.check()) == set()


def test_changed_rules_are_told_with_todays_verdict(clinic: Clinic) -> None:
    clinic.engine.verifier.digest = "of another day"
    findings = clinic.check()
    assert [finding.kind for finding in findings] == ["rules_changed"]
    assert "still passes" in findings[0].detail


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    first = load_key(tmp_path / "new", create=True)
    assert load_key(tmp_path / "new", create=True) == first
    assert stat.S_IMODE((tmp_path / "new" / "receipt.key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["receipt.key"]


def test_another_installations_receipt_is_refused(clinic: Clinic, tmp_path: Path) -> None:
    other = load_key(tmp_path / "elsewhere", create=True)
    with pytest.raises(ReceiptError, match="another installation"):
        check_receipt(clinic.file, clinic.engine, other)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "not JSON"),
        ("not a receipt", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no receipt"),
        ('{"answer": {}}', "no receipt"),
        (b"\xff\x00\xfe".decode("latin-1"), "not JSON"),
    ],
)
def test_what_is_no_receipt_is_explained_in_a_line(
    engine: Engine, write: Callable[[str, str], Path], content: str, complaint: str
) -> None:
    path = write("other.json", content)
    with pytest.raises(ReceiptError, match=complaint) as raised:
        check_receipt(path, engine, b"key")
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_receipt_and_a_missing_key_are_explained(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(ReceiptError, match="can't be read"):
        check_receipt(tmp_path / "nothing.json", engine, b"key")
    with pytest.raises(ReceiptError, match="no key"):
        load_key(tmp_path / "empty", create=False)


def test_a_damaged_key_is_explained(write: Callable[[str, str], Path]) -> None:
    damaged = write("receipt.key", "abc123")
    with pytest.raises(ReceiptError, match="not a key"):
        load_key(damaged.parent, create=True)
