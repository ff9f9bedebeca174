"""Read a stranger's file in a process of its own, which may neither take all memory nor run for ever.

Started as ``python -m ingest.load.apart NAME`` with the file on standard input; prints the extract as JSON.
"""

import json
import resource
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from ingest.load.extract import MAX_SECONDS, Extract, UnusableFileError
from ingest.load.formats import FORMATS, read
from ingest.schema import Problem

MAX_MEMORY = 2_000_000_000
"""Most bytes of address space for reading one file."""

ROOT = Path(__file__).parents[2]


def read_apart(name: str, data: bytes, seconds: float = MAX_SECONDS) -> Extract:
    """The text of a file, read in another process; ``name`` is what it is called, without a folder.

    Raises:
        UnusableFileError: not a format that can be read, not what its name says, broken, or too slow or large to read.
    """
    path = Path(name)
    if path.suffix.lower() not in FORMATS:
        raise UnusableFileError(Problem(path, f"can't be read: give a {', '.join(FORMATS)} file"))
    command = [sys.executable, "-m", "ingest.load.apart", name]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=seconds + 10, cwd=ROOT, check=False)
        told = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise UnusableFileError(Problem(path, "takes too long to read; split it, or save it as plain text")) from error
    except ValueError as error:  # it was ended before it could say anything
        raise UnusableFileError(Problem(path, "takes too much memory or time to read; it isn't read")) from error
    problems = [Problem(**{**problem, "path": path}) for problem in told.pop("problems")]
    if "pages" not in told:
        raise UnusableFileError(problems[0])
    return Extract(**{**told, "pages": tuple(told["pages"]), "problems": tuple(problems)})


def main() -> None:
    """Read standard input, print what was found."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    cpu = int(MAX_SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    try:
        found = asdict(read(Path(sys.argv[1]), sys.stdin.buffer.read()))
    except UnusableFileError as error:
        found = {"problems": [asdict(error.problem)]}
    print(json.dumps(found, default=str))


if __name__ == "__main__":
    main()
