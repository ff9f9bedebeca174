"""The command line: what each command writes, and mistakes that end in a line or two and never in a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import answer.engine
import cli
from ingest.embed import Embedder
from settings import PREFIX, ROOT, load_settings

Write = Callable[[str, str], Path]
Run = Callable[..., tuple[int, str, str]]
ANSWER_KEYS = {
    *("id", "outcome", "language", "message", "sentences", "text", "citations", "notices", "help", "follow_ups"),
    *("confidence", "corpus_version", "composer", "checks", "labels", "timings_ms"),
}


@pytest.fixture
def run(
    embedder: Embedder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Run]:
    """Runs a command in this process with the embedder that is loaded already: (exit code, output, errors)."""
    monkeypatch.setattr(answer.engine, "Embedder", lambda name: embedder)
    monkeypatch.setattr(cli, "_loaded_embedder", lambda name: embedder)
    monkeypatch.setenv(f"{PREFIX}DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "300")
    load_settings.cache_clear()

    def run_command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ketamine-answers", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        written = capsys.readouterr()
        return int(ended.value.code or 0), written.out, written.err

    yield run_command
    load_settings.cache_clear()


@pytest.fixture
def documents(write: Write) -> Path:
    write("docs/first.txt", "The infusion of ketamine takes forty minutes. A nurse stays in the room.\n")
    return write("docs/second.md", "# Driving\n\n- Nobody drives on the day of a ketamine session.\n").parent


@pytest.fixture
def project(engine: Any, monkeypatch: pytest.MonkeyPatch, run: Run) -> Run:
    """``run`` on the index of the project's own corpus."""
    monkeypatch.setenv(f"{PREFIX}DATA_DIR", str(engine.settings.data_dir))
    load_settings.cache_clear()
    return run


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def assert_explained(code: int, errors: str, *words: str) -> None:
    """An error is told in a line or two that name what is wrong."""
    assert code != 0
    assert "Traceback" not in errors
    assert all(word in errors for word in words), errors
    assert 1 <= len(errors.strip().splitlines()) <= 2


# Asking


def test_a_question_is_answered_with_numbered_sources_and_quotes(project: Run) -> None:
    code, out, _ = project("ask", "Does ketamine raise blood pressure?")
    assert code == 0
    assert "[1]" in out
    assert "evidence: high" in out
    assert "“" in out
    assert "https://" in out


def test_help_stands_before_the_message_in_a_terminal(project: Run) -> None:
    code, out, _ = project("ask", "I am going to kill myself tonight")
    assert code == 0
    assert out.index("988") < out.index("Please call")


def test_the_json_form_is_the_whole_answer_object(project: Run) -> None:
    code, out, _ = project("ask", "Does ketamine raise blood pressure?", "--json")
    data = json.loads(out)
    assert code == 0
    assert set(data) == ANSWER_KEYS
    assert data["outcome"] == "answered"


def test_the_readers_country_can_be_given(project: Run) -> None:
    _, out, _ = project("ask", "I want to kill myself", "--json", "--country", "GB")
    assert json.loads(out)["help"]["country"] == "GB"


def test_a_batch_of_questions_keeps_ids_order_and_history(project: Run, write: Write, tmp_path: Path) -> None:
    questions = [
        {"id": "b", "text": "Is ketamine addictive?"},
        {"id": "a", "text": "How much does it cost?", "history": ["I want to kill myself"]},
        {"text": "Does ketamine help tinnitus?"},
    ]
    batch = write("in.jsonl", "\n".join(map(json.dumps, questions)) + "\n\n")
    code, _, _ = project("ask", "--batch", batch, "--output", tmp_path / "out.jsonl")
    found = rows(tmp_path / "out.jsonl")
    assert code == 0
    assert [(row["id"], row["outcome"]) for row in found] == [("b", "answered"), ("a", "crisis"), ("3", "no_evidence")]
    assert all(set(row) == ANSWER_KEYS for row in found)
    assert not list(tmp_path.glob("*.part"))


# Searching


def test_a_search_prints_the_passages_found(project: Run) -> None:
    code, out, _ = project("search", "grapefruit juice", "--k", 2)
    assert code == 0
    assert "peltoniemi-2012-grapefruit" in out
    _, out, _ = project("search", "grapefruit juice", "--k", 2, "--json")
    assert [set(row) for row in json.loads(out)] == [
        {"doc_id", "passage_id", "score", "title", "section", "text"} for _ in range(2)
    ]


def test_a_batch_search_names_each_document_once_best_first(project: Run, write: Write, tmp_path: Path) -> None:
    questions = [{"id": "q1", "text": "grapefruit juice"}, {"id": "q2", "text": "Is it addictive?"}]
    batch = write("in.jsonl", "\n".join(map(json.dumps, questions)))
    code, _, _ = project("search", "--batch", batch, "--output", tmp_path / "out.jsonl", "--k", 4)
    found = rows(tmp_path / "out.jsonl")
    assert code == 0
    assert [row["query_id"] for row in found] == ["q1", "q2"]
    for row in found:
        assert set(row) == {"query_id", "doc_ids", "scores"}
        assert len(set(row["doc_ids"])) == len(row["doc_ids"]) == len(row["scores"]) == 4
        assert row["scores"] == sorted(row["scores"], reverse=True)
    assert found[0]["doc_ids"][0] == "peltoniemi-2012-grapefruit"


# Ingesting


def test_any_folder_of_text_becomes_a_collection_of_its_own(run: Run, documents: Path, tmp_path: Path) -> None:
    where = ("--collection", "mine", "--data-dir", tmp_path / "elsewhere")
    code, out, _ = run("ingest", documents, *where)
    assert code == 0
    assert "2 sources" in out
    assert "2 new" in out
    _, out, _ = run("ingest", documents, *where)
    assert "0 new, 0 changed, 0 removed" in out
    _, out, _ = run("search", "Who stays in the room?", "--json", *where)
    assert json.loads(out)[0]["doc_id"] == "first"
    assert (tmp_path / "elsewhere" / "mine" / "live.json").exists()
    assert not (tmp_path / "data").exists()


def test_a_bad_file_is_told_and_only_strict_makes_it_an_error(run: Run, documents: Path, write: Write) -> None:
    bad = write("docs/bad.md", "---\nid: bad\ntitle: Bad\ncolour: red\n---\n\nText.\n")
    code, out, errors = run("ingest", documents)
    assert code == 0
    assert f"{bad}:4: colour" in errors
    assert "1 problems" in out
    code, _, errors = run("ingest", documents, "--strict")
    assert code == 1
    assert "colour" in errors
    assert "Traceback" not in errors


# Mistakes


def test_a_missing_index_says_how_to_build_it(run: Run) -> None:
    code, _, errors = run("ask", "Is it safe?")
    assert_explained(code, errors, "no index", "ketamine-answers ingest")


def test_an_index_of_another_embedder_is_explained(run: Run, documents: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("ingest", documents)
    monkeypatch.setenv(f"{PREFIX}EMBEDDER", "another-model")
    load_settings.cache_clear()
    for command in (("ask", "Is it safe?"), ("search", "safe"), ("ingest", documents)):
        code, _, errors = run(*command)
        assert_explained(code, errors, "another-model", "--rebuild")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("not json", (":2", "not JSON")),
        ("[1, 2]", (":2", "not a JSON object")),
        ('{"id": "x"}', ("row 2", "text")),
        ('{"id": "x", "text": 5}', ("row 2", "text")),
        ('{"id": "x", "text": "a", "txt": "b"}', ("row 2", "txt")),
    ],
)
@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_bad_line_of_a_batch_is_named_and_nothing_is_written(
    project: Run, write: Write, command: str, line: str, words: tuple[str, ...]
) -> None:
    batch = write("in.jsonl", f'{{"id": "q", "text": "Is it safe?"}}\n{line}\n')
    code, _, errors = project(command, "--batch", batch, "--output", batch.with_name("out.jsonl"))
    assert_explained(code, errors, "in.jsonl", *words)
    assert not batch.with_name("out.jsonl").exists()


def test_a_missing_batch_or_an_unwritable_output_is_named(project: Run, write: Write, tmp_path: Path) -> None:
    code, _, errors = project("ask", "--batch", tmp_path / "none.jsonl", "--output", tmp_path / "out.jsonl")
    assert_explained(code, errors, "none.jsonl")
    batch = write("in.jsonl", '{"id": "q", "text": "Is it safe?"}\n')
    code, _, errors = project("ask", "--batch", batch, "--output", tmp_path / "no" / "folder" / "out.jsonl")
    assert_explained(code, errors, "No such file or directory", "folder")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("ask",), "Give a question"),
        (("search", "  "), "empty"),
        (("search", "x", "--k", "0"), "--k"),
        (("ask", "x", "--collection", "../etc"), "--collection"),
        (("no-such-command",), "no-such-command"),
    ],
)
def test_a_wrong_argument_is_named(project: Run, arguments: tuple[str, ...], word: str) -> None:
    code, _, errors = project(*arguments)
    assert code == 2
    assert word in errors
    assert "Traceback" not in errors


def test_a_batch_needs_an_output(project: Run, write: Write) -> None:
    code, _, errors = project("ask", "--batch", write("in.jsonl", "{}"))
    assert code == 2
    assert "--output" in errors


def test_a_folder_that_is_not_there_or_holds_nothing_is_named(run: Run, tmp_path: Path) -> None:
    code, _, errors = run("ingest", tmp_path / "nowhere")
    assert_explained(code, errors, "nothing at", "nowhere")
    (tmp_path / "hollow").mkdir()
    code, _, errors = run("ingest", tmp_path / "hollow")
    assert_explained(code, errors, "No usable document", "hollow")


def test_a_data_folder_that_cannot_be_made_is_named(run: Run, documents: Path, write: Write) -> None:
    code, _, errors = run("ingest", documents, "--data-dir", write("file", "x"))
    assert_explained(code, errors, "can't be written")


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PORT": "many"}, ("'port'", f"{PREFIX}PORT")),
        ({"SETTINGS": "/no/such/folder/x.toml", "COUNTRY": "usa"}, ("country",)),
    ],
)
def test_a_process_of_its_own_names_a_bad_setting(environment: dict[str, str], words: tuple[str, ...]) -> None:
    extra = {PREFIX + name: value for name, value in environment.items()}
    done = subprocess.run(
        [sys.executable, "-m", "cli", "ask", "Is it safe?"],
        cwd=ROOT, env=os.environ | extra, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert_explained(done.returncode, done.stderr, *words)


def test_a_process_of_its_own_explains_a_missing_index(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "search", "safe", "--data-dir", str(tmp_path / "none")],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert_explained(done.returncode, done.stderr, "no index")
