"""The virtual environment of the peers, made on first use and kept in .cache/."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from connectors.errors import OrbitwatchError, one_line

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
CACHE = Path(__file__).parents[3] / ".cache"
PIP = (
    *("-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
    *("--retries", "1", "--timeout", "15"),
)


class PeersUnavailable(OrbitwatchError):
    """The peers could not be installed, so nothing is compared."""


def peers_python() -> Path:
    """The Python that has what the peers need; PeersUnavailable says why not.

    Other requirements, or another Python, make another environment.
    """
    wanted = REQUIREMENTS.read_bytes() + sys.version.encode()
    folder = CACHE / f"benchmark-peers-{hashlib.sha256(wanted).hexdigest()[:12]}"
    python, complete = folder / "bin" / "python", folder / "complete"
    if not complete.exists():
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        _run(str(python), *PIP, "--requirement", str(REQUIREMENTS))
        complete.touch()
    return python


def _run(*command: str) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise PeersUnavailable(
            f"the peers could not be installed; {' '.join(command[1:4])} failed: "
            f"{one_line(said[-1])}"
        )


def versions() -> dict[str, str]:
    """The pinned versions of what is compared."""
    pins = dict(
        line.split("==")
        for line in REQUIREMENTS.read_text().splitlines()
        if "==" in line
    )
    wanted = ("quixstreams", "bytewax", "confluent-kafka", "river", "psycopg")
    return {name: pins[name] for name in wanted}
