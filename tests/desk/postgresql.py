"""A real PostgreSQL server in a folder of its own, reached through a socket in it; it ends with the tests.

PostgreSQL refuses to run as root, so a test run as root hands it to the user that Debian's package creates.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy import URL, create_engine, text

USER = "postgres"
_DEBIAN = Path("/usr/lib/postgresql")
_START_SECONDS = 60


def missing() -> str | None:
    """Why no server can be started here; None when it can."""
    if _programs() is None:
        return "no PostgreSQL found: on Debian or Ubuntu 'apt-get install postgresql'"
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        return "PostgreSQL doesn't run as root, and there is no 'runuser'"
    return None


def _programs() -> Path | None:
    """The folder with initdb and pg_ctl: the newest of Debian's, else that of the path."""
    found = [path for path in _DEBIAN.glob("*/bin") if (path / "initdb").exists()]
    if found:
        return max(found, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0)
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@dataclass(frozen=True, slots=True)
class Server:
    """A server that listens on a socket in its folder alone."""

    programs: Path
    folder: Path

    @classmethod
    def create(cls) -> Server:
        """A new server, started."""
        programs = _programs()
        assert programs is not None
        folder = Path(tempfile.mkdtemp(prefix="ka-postgresql-"))
        if os.geteuid() == 0:
            shutil.chown(folder, USER)
        server = cls(programs, folder)
        server._run("initdb", "-D", folder / "data", "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync")
        server.start()
        return server

    def start(self) -> None:
        """Start it, and wait until it can be reached."""
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off"
        self._control("start", "-l", self.folder / "log", "-o", options)

    def stop(self) -> None:
        """End it at once, connections included; what was committed stays."""
        self._control("stop", "-m", "fast")

    def remove(self) -> None:
        """End it and delete everything."""
        self.stop()
        shutil.rmtree(self.folder)

    def new_database(self) -> str:
        """The address of a new, empty database."""
        name = f"desk_{uuid4().hex}"
        engine = create_engine(self._url("postgres", "postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return self._url(name, "postgresql").render_as_string(hide_password=False)

    def _url(self, name: str, driver: str) -> URL:
        return URL.create(driver, username=USER, database=name, query={"host": str(self.folder)})

    def _control(self, *arguments: object) -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-w", "-t", _START_SECONDS, *arguments)

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self.programs / program), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", USER, "--", *command]
        with tempfile.TemporaryFile() as output:  # a started server would keep a pipe open
            done = subprocess.run(
                command, cwd=self.folder, stdout=output, stderr=subprocess.STDOUT, timeout=120, check=False
            )
            output.seek(0)
            assert done.returncode == 0, f"{program} failed: {output.read().decode(errors='replace')}"
