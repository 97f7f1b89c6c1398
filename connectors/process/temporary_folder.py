"""A folder for as long as a process lives, and none that a killed one left behind.

Each holds a lock, which ends with its process. Who needs a folder removes those whose
lock nobody holds.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

PREFIX = "orbitwatch-flow-"
LOCK = "lock"
# One without a lock is about to get it, unless its process was killed before.
NEW_FOR_S = 3600.0

# Open, and so locked, until the process ends.
_held: list[TextIO] = []


def temporary_folder(place: Path | None = None) -> Path:
    """A new folder, removed when this process ends, or by the next one if killed."""
    place = place or Path(tempfile.gettempdir())
    for folder in place.glob(f"{PREFIX}*"):
        # Others may be removing it, and what is not ours cannot be.
        with suppress(OSError):
            if _is_left(folder):
                shutil.rmtree(folder, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    lock = (folder / f"{LOCK}.new").open("x")
    fcntl.flock(lock, fcntl.LOCK_EX)
    _held.append(lock)
    # Only now can others see it.
    (folder / f"{LOCK}.new").rename(folder / LOCK)
    return folder


def _is_left(folder: Path) -> bool:
    """Whether it is this user's, and the process that made it has ended."""
    status = folder.lstat()
    if status.st_uid != os.geteuid() or folder.is_symlink():
        return False
    try:
        lock = (folder / LOCK).open()
    except FileNotFoundError:
        return time.time() - status.st_mtime > NEW_FOR_S
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
