"""`python -m connectors.embedded FOLDER` opens psql on a database that was kept."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from connectors.command import exit_code
from connectors.embedded.postgres import EmbeddedPostgres
from connectors.embedded.programs import programs

USAGE = "usage: python -m connectors.embedded FOLDER [psql's options]\n"


def main(arguments: Sequence[str]) -> int:
    """Starts the database in a folder, runs psql on it, stops the database."""
    if not arguments or arguments[0].startswith("-"):
        sys.stdout.write(USAGE)
        return 0 if arguments and arguments[0] in {"-h", "--help"} else 2
    folder = Path(arguments[0])
    if not (folder / "data" / "PG_VERSION").exists():
        sys.stderr.write(f"orbitwatch: there is no database in {folder}\n")
        return 1
    # psql makes of Ctrl-C what it wants; we end when it does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return exit_code(lambda: _run_psql(folder, arguments[1:]))


def _run_psql(folder: Path, options: Sequence[str]) -> int:
    with EmbeddedPostgres(folder) as server:
        psql = [str(programs(folder) / "psql"), server.address, *options]
        return subprocess.run(psql, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
