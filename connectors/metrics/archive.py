"""What is archived, and how full its disk is."""

from __future__ import annotations

import shutil
from pathlib import Path

from connectors.metrics.instruments import SECONDS, Instruments


class ArchiveMetrics:
    """Commits to the archive, their files and samples."""

    def __init__(self, make: Instruments) -> None:
        self._make = make
        self.samples = make.counter("archive_samples", "Samples archived.")
        self.files = make.counter("archive_files", "Files added to the archive.")
        self.write = make.histogram(
            "archive_write_seconds", "Duration of a commit to the archive.", SECONDS
        )

    def disk(self, folder: Path) -> None:
        """Tells from now on how full the disk is that holds the archive's `folder`."""
        free = self._make.gauge(
            "archive_disk_free_bytes", "Free space on the archive's disk."
        )
        size = self._make.gauge(
            "archive_disk_size_bytes", "Size of the archive's disk."
        )
        free.set_function(lambda: shutil.disk_usage(folder).free)
        size.set_function(lambda: shutil.disk_usage(folder).total)
