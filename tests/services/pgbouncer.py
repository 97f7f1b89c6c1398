"""PgBouncer before a PostgreSQL server, lending its connections by transaction."""

import os
import shutil
import tempfile
from pathlib import Path
from signal import Signals
from typing import Self
from urllib.parse import parse_qs, urlsplit

import psycopg

from tests.services.ports import free_port
from tests.services.process import ServerProcess, UnavailableError

SETTINGS = """
[databases]
* = host={sockets} port=5432

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
logfile = {folder}/log
{more}
"""


class PgBouncer:
    """Use it as a context: it is started on entry, and gone on exit.

    Args:
        server: the URI of a server on a Unix socket; everybody is `postgres` there.
        more: lines for the section [pgbouncer].

    Raises:
        UnavailableError: there is no pgbouncer.
    """

    def __init__(self, server: str, more: str = "") -> None:
        # Debian has it where only administrators look for programs.
        path = os.pathsep.join((os.environ["PATH"], "/usr/sbin"))
        program = shutil.which("pgbouncer", path=path)
        if program is None:
            raise UnavailableError(
                "there is no `pgbouncer` (Debian's package pgbouncer)"
            )
        self._folder = Path(tempfile.mkdtemp(prefix="orbitwatch-pgbouncer-"))
        self._folder.chmod(0o777)
        self._port = free_port()
        [sockets] = parse_qs(urlsplit(server).query)["host"]
        settings = self._folder / "pgbouncer.ini"
        settings.write_text(
            SETTINGS.format(
                sockets=f"{sockets} user=postgres",
                port=self._port,
                folder=self._folder,
                more=more,
            )
        )
        settings.chmod(0o644)
        # It refuses to run as root.
        unprivileged = ["-u", "nobody"] if os.geteuid() == 0 else []
        self._command = [program, "-q", *unprivileged, str(settings)]
        self._process: ServerProcess | None = None

    def uri(self, database: str) -> str:
        """The address of a database of the server, by its own URI."""
        parts = urlsplit(database)
        place = f"postgres@127.0.0.1:{self._port}"
        return parts._replace(netloc=place, query="").geturl()

    def __enter__(self) -> Self:
        log = self._folder / "output"
        self._process = ServerProcess(self._command, log, Signals.SIGKILL)
        self._process.wait_until(self._answers)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.stop(Signals.SIGTERM)
        shutil.rmtree(self._folder)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.uri("postgresql:///postgres")).close()
        except psycopg.OperationalError:
            return False
        return True
