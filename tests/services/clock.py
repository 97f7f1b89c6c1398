"""The wall clock of a process, moved as an NTP step or a resumed machine moves it."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

from tests.services.process import UnavailableError

SOURCE = Path(__file__).with_name("moved_clock.c")


class MovedClock:
    """Moves the clock of the processes that are started in its environment.

    Raises UnavailableError without a C compiler, or where no library can be put in
    front of the system's (Linux only).
    """

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None or not Path("/proc/self/maps").exists():
            raise UnavailableError("a moved clock needs Linux and a C compiler (cc)")
        library = folder / "moved_clock.so"
        options = ["-shared", "-fPIC", "-O2"]
        command = [compiler, *options, "-o", str(library), str(SOURCE)]
        subprocess.run(command, check=True)
        self._file = folder / "moved_clock"
        self._file.write_bytes(struct.pack("q", 0))
        self.environment = {
            "LD_PRELOAD": str(library),
            "MOVED_CLOCK_FILE": str(self._file),
        }

    def move(self, seconds: int) -> None:
        """Has it be so far off from now on."""
        with self._file.open("r+b") as file:
            file.write(struct.pack("q", seconds))
