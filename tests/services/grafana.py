"""Grafana's own libraries, installed by npm: what judges the dashboards.

They are what Grafana does in a browser with the JSON of a dashboard and the answers to
its queries, in the version that docker-compose.yml runs. Its server is not among them.
"""

import fcntl
import json
import re
import shutil
import subprocess
from pathlib import Path

from tests.services.process import UnavailableError

PACKAGES = Path(__file__).parent / "grafana"
VERSION: str = json.loads((PACKAGES / "package.json").read_text("utf-8"))["version"]
CACHE = Path(__file__).parents[2] / ".cache"
OLDEST_NODE = 18


def grafana_libraries() -> Path:
    """Return the folder `node_modules` of Grafana's libraries, made on first use.

    Raises:
        UnavailableError: Node or npm is missing, or npm cannot install the libraries.
    """
    _check_node()
    folder = CACHE / f"grafana-{VERSION}"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "grafana.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_current(folder):
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder)
    return folder / "node_modules"


def _check_node() -> None:
    try:
        done = subprocess.run(["node", "--version"], capture_output=True, text=True)
    except OSError:
        raise UnavailableError(
            "Grafana's code needs Node: there is no `node`"
        ) from None
    version = re.match(r"v(\d+)", done.stdout)
    if done.returncode or not version or int(version[1]) < OLDEST_NODE:
        raise UnavailableError(
            f"Grafana's code needs Node {OLDEST_NODE}: {done.stdout}{done.stderr}"
        )


def _is_current(folder: Path) -> bool:
    pinned, installed = (each / "package-lock.json" for each in (PACKAGES, folder))
    return installed.exists() and installed.read_bytes() == pinned.read_bytes()


def _install(folder: Path) -> None:
    if not shutil.which("npm"):
        raise UnavailableError("Grafana's libraries need npm: there is no `npm`")
    # Under another name until complete, so that an npm cut short leaves no half.
    partial = folder.with_suffix(".partial")
    shutil.copytree(PACKAGES, partial, dirs_exist_ok=True)
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=partial,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise UnavailableError(f"npm found no Grafana: {done.stderr[-1000:]}")
    partial.rename(folder)
