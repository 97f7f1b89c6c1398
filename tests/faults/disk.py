"""Folders on file systems of their own, which can be full."""

from __future__ import annotations

import ctypes
import os
import subprocess
from pathlib import Path

from tests.services.process import UnavailableError

NEW_MOUNTS = 0x00020000  # CLONE_NEWNS of <sched.h>
# A disk that is written to may be fuller than it was a moment ago.
TRIES = 12


def keep_mounts_to_ourselves() -> None:
    """What is mounted from here on ends with this process and its children.

    To be called before there are threads. Raises UnavailableError where that is not
    allowed: it takes Linux and root.
    """
    if os.geteuid() != 0 or not Path("/proc/self/ns/mnt").exists():
        raise UnavailableError("a disk that is full needs Linux and root")
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_MOUNTS):
        reason = os.strerror(ctypes.get_errno())
        raise UnavailableError(f"a disk that is full needs mounts: {reason}")
    _run("mount", "--make-rprivate", "/")


class Disk:
    """A file system in memory, mounted at `folder`."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder, self._room = folder, f"size={megabytes}m"
        folder.mkdir(parents=True, exist_ok=True)
        options = f"{self._room},mode=0755"
        _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder))

    def fill(self) -> None:
        """Leaves no room; what is there stays, and may be deleted."""
        for attempt in range(TRIES):
            status = os.statvfs(self.folder)
            # A size of 0 would be no bound. Whoever writes meanwhile fills the rest.
            rest = 2**attempt - 1
            blocks = max(status.f_blocks - status.f_bfree + rest, 1)
            size = f"size={blocks * status.f_frsize}"
            try:
                _run("mount", "-o", f"remount,{size}", str(self.folder))
            except UnavailableError:  # more was written in between
                if attempt == TRIES - 1:
                    raise
            else:
                return

    def free(self) -> None:
        """Gives the room back."""
        _run("mount", "-o", f"remount,{self._room}", str(self.folder))

    def close(self) -> None:
        """Gone, with all that is on it."""
        _run("umount", "--lazy", str(self.folder))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise UnavailableError(f"{' '.join(command)}: {done.stderr.strip()}")
