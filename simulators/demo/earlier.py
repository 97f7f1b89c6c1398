"""Folders that earlier demos have left: found, measured, and removed if one agrees.

A demo marks its folder with a file, and holds a lock on that for as long as it runs.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from simulators.demo.children import PROJECT

PREFIX = "orbitwatch-demo-"
MARKER = "made_by_a_demo"
DATABASE = "postgres"
MEGABYTE = 10**6


@dataclass(frozen=True, slots=True)
class EarlierFolder:
    """A folder that a demo made, and nobody uses; `size_bytes` is what it takes."""

    path: Path
    size_bytes: int


def place() -> Path:
    """Where demos make their folders."""
    return Path(tempfile.gettempdir())


@contextmanager
def marked(folder: Path) -> Iterator[None]:
    """Marks a new folder as one of a demo, and as in use meanwhile."""
    new = folder / f"{MARKER}.new"
    with new.open("x", encoding="utf-8") as marker:
        marker.write(f"A demo of Orbitwatch in {PROJECT} made this folder.\n")
        marker.flush()
        fcntl.flock(marker, fcntl.LOCK_EX)
        # Only now can others see it.
        new.rename(folder / MARKER)
        yield


def earlier_folders(folder: Path, *, but: Path | None = None) -> list[EarlierFolder]:
    """Those in a folder that may be removed, except one; by name."""
    return [
        EarlierFolder(found, _size_bytes(found))
        for found in sorted(folder.glob(f"{PREFIX}*"))
        if found != but and _may_be_removed(found)
    ]


def remove(folders: Sequence[EarlierFolder]) -> list[str]:
    """Removes those that nobody uses by now; returns what went wrong, a line each."""
    problems: list[str] = []
    for folder in folders:
        if not _may_be_removed(folder.path):
            problems.append(f"{folder.path} is in use by now, and stays")
            continue
        try:
            shutil.rmtree(folder.path)
        except OSError as error:
            problems.append(f"{folder.path} cannot be removed: {error.strerror}")
    return problems


def space(folders: Sequence[EarlierFolder]) -> str:
    """How many there are, and how much room they take."""
    size = sum(folder.size_bytes for folder in folders) / MEGABYTE
    where = folders[0].path.parent
    if len(folders) == 1:
        return f"A folder of an earlier demo takes {size:,.0f} MB in {where}."
    return f"{len(folders)} folders of earlier demos take {size:,.0f} MB in {where}."


def _may_be_removed(folder: Path) -> bool:
    """Whether it is a demo's and ours, and neither the demo nor its database runs."""
    try:
        return (
            _is_ours(folder, stat.S_IFDIR)
            and _is_ours(folder / MARKER, stat.S_IFREG)
            and not _is_locked(folder / MARKER)
            and not _is_served(folder / DATABASE / "data" / "postmaster.pid")
        )
    except OSError:
        return False


def _is_ours(path: Path, kind: int) -> bool:
    """Whether it is of this kind, no link to one, and belongs to this user."""
    status = path.lstat()
    return stat.S_IFMT(status.st_mode) == kind and status.st_uid == os.geteuid()


def _is_locked(marker: Path) -> bool:
    with marker.open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _is_served(pid_file: Path) -> bool:
    """Whether a PostgreSQL that is alive noted its process there."""
    try:
        os.kill(int(pid_file.read_text(encoding="utf-8").split("\n")[0]), 0)
    except (FileNotFoundError, ProcessLookupError):
        return False
    except (PermissionError, ValueError):
        return True
    return True


def _size_bytes(folder: Path) -> int:
    """What it takes on the disk; what cannot be looked into does not count."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += Path(path, name).lstat().st_blocks * 512
    return total
