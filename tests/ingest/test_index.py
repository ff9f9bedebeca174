"""Updating an index: only what changed is embedded, nothing is lost, and what can't work says why."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from answer.follow import LiveIndex
from answer.retrieve import Retriever
from ingest.corpus import ingest_paths
from ingest.embed import Embedder, Vectors, identify
from ingest.generation import IndexFolder, IndexUnusableError
from ingest.index import MAX_SEGMENTS, IngestError, Summary, Tools, update_index
from ingest.load import load
from ingest.terms import Terms
from ingest.vocabulary import Term, Vocabulary
from settings import Settings

MODEL = identify("all-MiniLM-L6-v2")
DRIVING = "Do not drive a car until the day after the session."
BLADDER = "Frequent use can harm the bladder and make it hurt to urinate."
PRICE = "A course of six infusions costs several thousand dollars."
HOLD_LOCK = """
import fcntl, sys
with open(sys.argv[1], "w") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("held", flush=True)
    input()
"""
TEXTS = {"driving": DRIVING, "bladder": BLADDER, "price": PRICE}


class CountingEmbedder(Embedder):
    """The real embedder, remembering every text it was given to embed."""

    def __init__(self, real: Embedder) -> None:
        self.__dict__ |= real.__dict__
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return super().embed(texts)


class Bench:
    """One index folder and a folder of documents to fill it from."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self.documents, self.root = folder / "documents", folder / "data" / "small"
        self.documents.mkdir()
        self.embedder = CountingEmbedder(embedder)
        self.stages: list[str] = []
        self.vocabulary = Vocabulary([])
        self.model = MODEL

    def write(self, name: str, text: str) -> None:
        (self.documents / f"{name}.md").write_text(f"# {name.title()}\n\n- {text}\n", encoding="utf-8")

    def remove(self, name: str) -> None:
        (self.documents / f"{name}.md").unlink()

    def update(self, *, rebuild: bool = False) -> Summary:
        self.embedder.texts.clear()
        self.stages.clear()
        tools = Tools(self.model, lambda: self.embedder, Terms(self.vocabulary), self._report)
        return update_index(self.root, load([self.documents]), tools, rebuild=rebuild)

    def _report(self, stage: str, done: int, total: int) -> None:
        self.stages.append(stage)

    def search(self, text: str) -> list[str]:
        """Ids of the sources found, best first."""
        return self.search_many([text])[0]

    def search_many(self, texts: Sequence[str]) -> list[list[str]]:
        """``search`` for many questions on one opened index."""
        with closing(LiveIndex(IndexFolder(self.root), self.model)) as index:
            found = Retriever(index, self.embedder, Terms(self.vocabulary)).search_many(texts, 20)
            return [[hit.source.id for hit in hits] for hits in found]

    def files(self) -> dict[str, int]:
        """Every file below the index and when it was written."""
        return {
            str(path.relative_to(self.root)): path.stat().st_mtime_ns
            for path in self.root.rglob("*")
            if path.is_file() and path.name != "lock"
        }

    def folders(self, kind: str) -> set[str]:
        return {path.name for path in (self.root / kind).iterdir()}


@pytest.fixture
def bench(tmp_path: Path, embedder: Embedder) -> Bench:
    bench = Bench(tmp_path, embedder)
    for name, text in TEXTS.items():
        bench.write(name, text)
    return bench


@pytest.fixture
def filled(bench: Bench) -> Bench:
    bench.update()
    return bench


def assert_tidy(bench: Bench) -> None:
    """At most two finished generations, only their segments, no half-written file."""
    folder = IndexFolder(bench.root)
    generations = bench.folders("generations")
    assert folder.live_name() in generations
    assert len(generations) <= 2
    used = {segment for name in generations for segment in folder.manifest(name).segments}
    assert bench.folders("segments") == used
    assert not list(bench.root.rglob("*.new"))


def test_a_first_ingest_makes_everything_findable(bench: Bench) -> None:
    summary = bench.update()
    assert (summary.sources, summary.passages, summary.new, summary.changed, summary.removed) == (3, 3, 3, 0, 0)
    assert summary.written
    assert sorted(bench.embedder.texts) == sorted(f"{name.title()}. {text}" for name, text in TEXTS.items())
    assert bench.search("when may I drive again?")[0] == "driving"
    assert bench.search("pain when I pee")[0] == "bladder"
    assert bench.search("how expensive is it?")[0] == "price"
    assert_tidy(bench)


def test_progress_is_reported_stage_by_stage(bench: Bench) -> None:
    bench.update()
    seen = list(dict.fromkeys(bench.stages))
    assert seen == ["clear", "split", "embed", "vectors", "bm25", "manifest", "switch"]


def test_an_unchanged_ingest_writes_nothing_and_does_not_load_the_embedder(filled: Bench) -> None:
    before = filled.files()
    tools = Tools(MODEL, lambda: pytest.fail("the embedder was loaded"), Terms(Vocabulary([])))
    summary = update_index(filled.root, load([filled.documents]), tools)
    assert (summary.written, summary.new, summary.changed, summary.removed) == (False, 0, 0, 0)
    assert (summary.sources, summary.passages) == (3, 3)
    assert filled.files() == before


def test_only_the_changed_source_is_embedded_again(filled: Bench) -> None:
    filled.write("price", "Each infusion costs four hundred dollars.")
    summary = filled.update()
    assert (summary.new, summary.changed, summary.removed) == (0, 1, 0)
    assert filled.embedder.texts == ["Price. Each infusion costs four hundred dollars."]
    with closing(LiveIndex(IndexFolder(filled.root), MODEL)) as index:
        hits = Retriever(index, filled.embedder, Terms(Vocabulary([]))).search("cost")
    texts = [hit.passage.text for hit in hits]
    assert "Each infusion costs four hundred dollars." in texts
    assert PRICE not in texts
    assert_tidy(filled)


def test_only_a_new_source_is_embedded(filled: Bench) -> None:
    filled.write("nausea", "Some patients feel sick in the first hour.")
    summary = filled.update()
    assert (summary.new, summary.changed, summary.removed, summary.passages) == (1, 0, 0, 4)
    assert filled.embedder.texts == ["Nausea. Some patients feel sick in the first hour."]
    assert filled.search("will I feel sick?")[0] == "nausea"
    assert filled.search("when may I drive again?")[0] == "driving"


def test_a_removed_source_is_gone_from_search_and_nothing_is_embedded(filled: Bench) -> None:
    filled.remove("bladder")
    summary = filled.update()
    assert (summary.removed, summary.passages) == (1, 2)
    assert filled.embedder.texts == []
    assert set(filled.search("pain when I pee, bladder")) == {"driving", "price"}


def test_an_index_whose_every_source_was_removed_finds_nothing_and_can_be_filled_again(filled: Bench) -> None:
    for name in TEXTS:
        filled.remove(name)
    assert filled.update().removed == 3
    assert filled.search("when may I drive again?") == []
    filled.write("driving", DRIVING)
    filled.update()
    assert filled.search("when may I drive again?") == ["driving"]
    assert_tidy(filled)


def test_the_corpus_version_depends_on_the_contents_alone(filled: Bench) -> None:
    folder = IndexFolder(filled.root)

    def version() -> str:
        return folder.manifest(folder.live_name() or "").corpus_version

    first = version()
    filled.write("nausea", "Some patients feel sick.")
    filled.update()
    second = version()
    filled.remove("nausea")
    filled.update()
    assert (version(), version() == second) == (first, False)
    filled.update(rebuild=True)
    assert version() == first


def test_a_changed_vocabulary_rebuilds_only_the_word_index(filled: Bench) -> None:
    segments = filled.folders("segments")
    filled.vocabulary = Vocabulary([Term(name="bladder", kind="body", words=("waterworks",), parents=())])
    summary = filled.update()
    assert summary.written
    assert (summary.new, summary.changed, summary.removed) == (0, 0, 0)
    assert filled.embedder.texts == []
    assert filled.folders("segments") == segments
    assert len(filled.folders("generations")) == 2
    assert filled.update().written is False


def test_many_small_changes_fold_segments_and_everything_is_still_found(filled: Bench) -> None:
    words = ["apple", "brick", "cloud", "daisy", "eagle", "flint", "grape", "hazel", "ivory"]
    assert len(words) > MAX_SEGMENTS
    most = 0
    for word in words:
        filled.write(word, f"The {word} clinic answers the telephone on weekdays.")
        filled.update()
        assert filled.embedder.texts == [f"{word.title()}. The {word} clinic answers the telephone on weekdays."]
        most = max(most, len(IndexFolder(filled.root).manifest(IndexFolder(filled.root).live_name() or "").segments))
        assert_tidy(filled)
    assert most == MAX_SEGMENTS
    found = filled.search_many([*(f"the {word} clinic" for word in words), "when may I drive again?"])
    assert [hits[0] for hits in found] == [*words, "driving"]
    assert {len(hits) for hits in found} == {len(words) + len(TEXTS)}


def test_an_index_changed_step_by_step_answers_as_a_freshly_built_one(filled: Bench) -> None:
    for number in range(3):
        filled.write("price", f"A course of infusions costs {number + 2} thousand dollars.")
        filled.update()
    incremental = filled.search("what does it cost, and when may I drive?")
    filled.update(rebuild=True)
    assert filled.search("what does it cost, and when may I drive?") == incremental
    assert len(incremental) == 3


def test_the_last_two_generations_stay_and_nothing_else(filled: Bench) -> None:
    folder = IndexFolder(filled.root)
    names = [folder.live_name()]
    for number in range(3):
        filled.write("price", f"It costs {number} dollars.")
        filled.update()
        names.append(folder.live_name())
        assert filled.folders("generations") == set(names[-2:])
        assert_tidy(filled)


def test_litter_of_a_stopped_run_is_cleared_by_an_unchanged_one(filled: Bench) -> None:
    for litter in ("segments/00000000000001-abc", "generations/99999999999999-abc", "generations/00000000000001-abc"):
        (filled.root / litter / "chroma").mkdir(parents=True)
    filled.update()
    assert_tidy(filled)
    assert filled.search("when may I drive again?")[0] == "driving"


@pytest.fixture
def reader(filled: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveIndex]:
    """A reader that looks at the pointer before every question."""
    monkeypatch.setattr("answer.follow.POLL_SECONDS", 0.0)
    with closing(LiveIndex(IndexFolder(filled.root), MODEL)) as index:
        yield index


def test_readers_follow_to_the_new_generation_while_one_still_reads_the_old(filled: Bench, reader: LiveIndex) -> None:
    vector = filled.embedder.embed(["when may I drive again?"])

    def live_sources() -> set[str]:
        with reader.reading() as generation:
            assert len(generation.nearest(vector, 10)[0]) >= 3
            return set(generation.sources)

    with reader.reading() as old, ThreadPoolExecutor() as others:
        filled.write("nausea", "Some patients feel sick in the first hour.")
        filled.remove("driving")
        filled.update()
        assert others.submit(live_sources).result() == {"bladder", "nausea", "price"}
        assert live_sources() == set(TEXTS), "one answer is of one piece"
        assert len(old.nearest(vector, 10)[0]) == 3
    assert live_sources() == {"bladder", "nausea", "price"}


def test_a_new_generation_that_is_damaged_leaves_readers_on_the_one_before(filled: Bench, reader: LiveIndex) -> None:
    filled.remove("price")
    filled.update()
    spoil_manifest(IndexFolder(filled.root))
    with reader.reading() as generation:
        assert set(generation.sources) == set(TEXTS)


def test_an_index_of_another_embedder_is_refused_with_the_hint_and_rebuilt_on_request(filled: Bench) -> None:
    filled.model = "another-model"
    before = filled.files()
    with pytest.raises(IndexUnusableError, match=r"'another-model'.*\n?.*ingest --rebuild") as caught:
        filled.update()
    assert MODEL in str(caught.value)
    assert filled.files() == before
    with pytest.raises(IndexUnusableError, match="ingest --rebuild"):
        filled.search("driving")
    filled.update(rebuild=True)
    assert len(filled.embedder.texts) == 3
    assert filled.search("when may I drive again?")[0] == "driving"


def spoil_layout(folder: IndexFolder) -> None:
    path = folder.generation(folder.live_name() or "") / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"layout": 0}))


def spoil_manifest(folder: IndexFolder) -> None:
    (folder.generation(folder.live_name() or "") / "manifest.json").write_text('{"layout": 1, "na')


def spoil_pointer(folder: IndexFolder) -> None:
    folder.pointer.write_text("{")


def lose_texts(folder: IndexFolder) -> None:
    name = folder.manifest(folder.live_name() or "").segments[0]
    folder.segment(name).rename(folder.root / "elsewhere")


def lose_vectors(folder: IndexFolder) -> None:
    name = folder.manifest(folder.live_name() or "").segments[0]
    (folder.segment(name) / "chroma").rename(folder.root / "elsewhere")


def break_vectors(folder: IndexFolder) -> None:
    name = folder.manifest(folder.live_name() or "").segments[0]
    (folder.segment(name) / "chroma" / "chroma.sqlite3").write_bytes(b"not a database" * 1000)


SPOILS = [spoil_layout, spoil_manifest, spoil_pointer, lose_texts, lose_vectors, break_vectors]


@pytest.mark.parametrize("spoil", SPOILS)
def test_an_older_or_damaged_index_is_refused_with_the_hint_and_rebuilt_on_request(
    filled: Bench, spoil: Callable[[IndexFolder], None]
) -> None:
    spoil(IndexFolder(filled.root))
    filled.write("price", "It costs nothing.")
    with pytest.raises(IndexUnusableError, match="ingest --rebuild"):
        filled.search("driving")
    with pytest.raises(IndexUnusableError, match="ingest --rebuild"):
        filled.update()
    filled.update(rebuild=True)
    assert filled.search("when may I drive again?")[0] == "driving"


def test_a_lost_word_index_is_explained_to_readers(filled: Bench) -> None:
    folder = IndexFolder(filled.root)
    (folder.generation(folder.live_name() or "") / "bm25").rename(folder.root / "elsewhere")
    with pytest.raises(IndexUnusableError, match="ingest --rebuild"):
        filled.search("driving")


def test_a_rebuild_embeds_everything_anew(filled: Bench) -> None:
    filled.update(rebuild=True)
    assert len(filled.embedder.texts) == 3
    assert_tidy(filled)


@pytest.fixture
def locked(filled: Bench) -> Iterator[Bench]:
    """The index, its lock held by another process."""
    command = [sys.executable, "-c", HOLD_LOCK, str(filled.root / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield filled
        holder.kill()


def test_a_second_ingest_says_that_another_is_running_and_readers_go_on(locked: Bench) -> None:
    before = locked.files()
    with pytest.raises(IngestError, match="Another ingest is writing"):
        locked.update()
    assert locked.files() == before
    assert locked.search("when may I drive again?")[0] == "driving"


def test_a_file_in_the_place_of_the_data_folder_is_explained(bench: Bench) -> None:
    bench.root.parent.write_text("not a folder")
    with pytest.raises(IngestError, match="can't be written to"):
        bench.update()
    assert bench.root.parent.read_text() == "not a folder"


def test_a_file_in_the_place_of_the_collection_is_explained(bench: Bench) -> None:
    bench.root.parent.mkdir()
    bench.root.write_text("not a folder")
    with pytest.raises(IngestError, match="can't be written to"):
        bench.update()


def settings_of(folder: Path) -> Settings:
    return Settings(data_dir=folder / "data", corpus_dir=folder / "corpus", collection="small")


def test_ingesting_a_path_that_is_not_there_names_it_and_leaves_the_index_alone(
    tmp_path: Path, embedder: Embedder
) -> None:
    with pytest.raises(IngestError, match="nowhere"):
        ingest_paths(settings_of(tmp_path), [tmp_path / "nowhere"], lambda: embedder)
    assert not (tmp_path / "data").exists()


def test_ingesting_a_folder_without_a_usable_document_tells_the_first_problem(
    tmp_path: Path, write: Callable[[str, str], Path], embedder: Embedder
) -> None:
    write("documents/empty.md", "")
    with pytest.raises(IngestError, match=r"No usable document.*is empty"):
        ingest_paths(settings_of(tmp_path), [tmp_path / "documents"], lambda: embedder)


def test_any_folder_of_texts_can_be_ingested_and_searched(
    tmp_path: Path, write: Callable[[str, str], Path], embedder: Embedder
) -> None:
    write("documents/Driving.txt", DRIVING)
    write("documents/deep/bladder.md", BLADDER)
    write("documents/broken.md", "---\ntitle: x\n")
    settings = settings_of(tmp_path)
    summary = ingest_paths(settings, [tmp_path / "documents"], lambda: embedder)
    assert (summary.sources, [problem.path.name for problem in summary.problems]) == (2, ["broken.md"])
    with closing(LiveIndex(IndexFolder(settings.data_dir / "small"), MODEL)) as index:
        hits = Retriever(index, embedder, Terms(Vocabulary([]))).search("when may I drive again?")
    assert [hit.source.id for hit in hits] == ["Driving", "bladder"]


def test_a_key_of_an_older_segment_never_stands_for_a_question_that_has_changed(
    tmp_path: Path, embedder: Embedder, write: Callable[[str, str], Path]
) -> None:
    card = "---\nid: tea\ntitle: Tea\n---\n# Tea\n\n## What was found\n- Tea is drunk in the afternoon.\n"
    write("literature/tea.md", card)
    for filler in range(4):
        other = card.replace("id: tea", f"id: other-{filler}").replace("Tea", f"Filler {filler}")
        write(f"literature/other-{filler}.md", other)
    settings = Settings(data_dir=tmp_path / "data")
    asked: list[set[str]] = []
    for questions in (["When is it drunk?", "Why is the sky blue?"], ["When is it drunk?"]):
        row = {"claim": "Tea is drunk in the afternoon.", "questions": questions}
        write("questions/tea.jsonl", json.dumps(row) + "\n")
        ingest_paths(settings, [tmp_path / "literature"], lambda: embedder)
        index = LiveIndex(IndexFolder(settings.data_dir / settings.collection), identify(settings.embedder))
        with closing(index), index.reading() as generation:
            near = generation.nearest(embedder.embed(["Why is the sky blue?"]), 50)[0]
            asked.append({key for key, cosine in near.items() if cosine > 0.99})
    assert len(asked[0]) == 1
    assert asked[1] == set()
