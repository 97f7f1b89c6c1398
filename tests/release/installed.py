"""A wheel in an environment of its own: installed, imported, and its demo run."""

from __future__ import annotations

import os
import subprocess
import tempfile
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.release import NotReadyError

DEMO_SECONDS = 10
INSTALL_S, DEMO_S = 600, 600
LAST_LINES = 20
# All but what asks for the extra `plots`, and says so.
_IMPORT_ALL = """
import importlib, pkgutil
for package in ("connectors", "dataflows", "simulators"):
    found = importlib.import_module(package)
    for each in pkgutil.walk_packages(found.__path__, package + "."):
        if not each.name.endswith((".__main__", ".plots")):
            importlib.import_module(each.name)
"""


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder to build and try in, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="orbitwatch-release-") as name:
        folder = Path(name)
        # PostgreSQL, which root has to run as somebody else, passes through.
        folder.chmod(0o711)
        yield folder


def try_out(wheel: Path, folder: Path) -> str:
    """Installs the wheel with its extra `demo` into a new environment, and runs that.

    Both happen in `folder`. Returns what the demo said; raises NotReadyError.
    """
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    python = str(environment / "bin" / "python")
    nowhere = folder / "empty"
    temporary = folder / "tmp"
    for each in (nowhere, temporary):
        each.mkdir()
    settings = _settings(temporary)
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    _run("install", [*pip, f"{wheel}[demo]"], nowhere, settings, INSTALL_S)
    _run("import", [python, "-c", _IMPORT_ALL], nowhere, settings, INSTALL_S)
    demo = [python, "-m", "simulators.demo", "--seconds", str(DEMO_SECONDS)]
    said = _run("run the demo of", demo, nowhere, settings, DEMO_S)
    if left := sorted(each.name for each in nowhere.iterdir()):
        raise NotReadyError(f"the demo left behind: {', '.join(left)}")
    return said


def _settings(temporary: Path) -> dict[str, str]:
    """The caller's environment, but for what would lead to other code or servers."""
    others = ("ORBITWATCH_", "BYTEWAX_", "PG", "PYTHON", "VIRTUAL_ENV", "COV_")
    kept = {k: text for k, text in os.environ.items() if not k.startswith(others)}
    return {**kept, "TMPDIR": str(temporary)}


def _run(
    what: str,
    command: Sequence[str],
    folder: Path,
    settings: Mapping[str, str],
    most_s: float,
) -> str:
    """What a command said; raises NotReadyError if it fails, or does not end."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=most_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotReadyError(f"took over {most_s:.0f} s to {what} the wheel") from None
    if done.returncode:
        words = "\n".join(
            f"  {each}" for each in done.stdout.splitlines()[-LAST_LINES:]
        )
        raise NotReadyError(f"cannot {what} the wheel:\n{words}")
    return done.stdout
