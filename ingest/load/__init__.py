"""Read documents: Markdown with or without front matter, plain text, HTML, PDF, Word."""

from ingest.load.extract import Extract, UnusableFileError
from ingest.load.folder import Loaded, load, load_file
from ingest.load.formats import FORMATS, SUFFIXES, read
from ingest.load.markdown import parse_matter, split_front_matter
from ingest.load.text import MAX_BYTES, read_text

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "SUFFIXES",
    "Extract",
    "Loaded",
    "UnusableFileError",
    "load",
    "load_file",
    "parse_matter",
    "read",
    "read_text",
    "split_front_matter",
]
