"""What a process has cost so far: processor time and memory, from Linux's /proc."""

from __future__ import annotations

import os
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
MEGABYTE_KB = 1024


class ProcessCost:
    """Reads the account of one process; all its threads count, its children do not."""

    def __init__(self, pid: int, proc: Path = Path("/proc")) -> None:
        self._folder = proc / str(pid)

    def cpu_s(self) -> float:
        """Processor time, in user mode and in the kernel."""
        # The program's name, in brackets, may contain anything.
        fields = (self._folder / "stat").read_text().rpartition(")")[2].split()
        user_ticks, system_ticks = int(fields[11]), int(fields[12])
        return (user_ticks + system_ticks) / TICKS_A_SECOND

    def resident_mb(self) -> float:
        """Memory in use now."""
        return self._status_mb("VmRSS")

    def peak_mb(self) -> float:
        """Most memory that was ever in use."""
        return self._status_mb("VmHWM")

    def _status_mb(self, name: str) -> float:
        for line in (self._folder / "status").read_text().splitlines():
            key, _, rest = line.partition(":")
            if key == name:
                return int(rest.split()[0]) / MEGABYTE_KB
        raise ValueError(f"{self._folder}/status has no {name}")
