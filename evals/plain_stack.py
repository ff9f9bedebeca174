"""The stack of the LangChain tutorials, as a baseline: fixed-size chunks of raw files, one dense search in Chroma."""

from collections.abc import Sequence
from pathlib import Path

from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

CHUNK_SIZE = 1000
CHUNK_OVERLAP = 200
MOST_AT_ONCE = 5000


class PlainStack:
    """An index of Markdown files as a first afternoon with LangChain gives it."""

    def __init__(self, model: Path, folder: Path) -> None:
        """Load the embedding model from the folder ``model``; the index lies in ``folder``."""
        self.chunks = 0
        self._store = Chroma(
            "plain",
            HuggingFaceEmbeddings(model_name=str(model), model_kwargs={"device": "cpu", "local_files_only": True}),
            persist_directory=str(folder),
        )

    def add(self, files: Sequence[Path]) -> None:
        """Split and embed whole files, front matter and all."""
        splitter = RecursiveCharacterTextSplitter(chunk_size=CHUNK_SIZE, chunk_overlap=CHUNK_OVERLAP)
        whole = [Document(path.read_text(encoding="utf-8"), metadata={"source": path.stem}) for path in files]
        chunks = splitter.split_documents(whole)
        for start in range(0, len(chunks), MOST_AT_ONCE):
            self._store.add_documents(chunks[start : start + MOST_AT_ONCE])
        self.chunks += len(chunks)

    def search(self, text: str, k: int) -> list[str]:
        """File names (without suffix) of the ``k`` nearest chunks, best first, repeats included."""
        return [str(found.metadata["source"]) for found in self._store.similarity_search(text, k=k)]
