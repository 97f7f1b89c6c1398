"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = (
    "bytewax",
    "confluent-kafka",
    "msgspec",
    "numba",
    "numpy",
    "psycopg",
    "river",
)
GIGABYTE = 1e9


def describe() -> dict[str, str]:
    """Processor, cores, memory, kernel, and the versions that matter."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": processor(Path("/proc/cpuinfo")),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{pages / GIGABYTE:.0f} GB",
        "kernel": f"{platform.system()} {platform.release()}",
        "load before": f"{os.getloadavg()[0]:.2f}",
        "Python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }


def processor(cpuinfo: Path) -> str:
    """The name of the processor as the kernel tells it."""
    for line in cpuinfo.read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.machine()
