"""What a flow says when it begins to read: from where on, and where it can be seen."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from connectors.settings import Settings

_log = logging.getLogger("orbitwatch")


class StartUp:
    """Collects what the start line tells, which comes with the first topic.

    Partitions that are added later, and more topics, get a line of their own.
    """

    def __init__(self) -> None:
        self._about = ""
        self._folder: Path | None = None

    def serves(self, settings: Settings) -> None:
        """The process serves its metrics and its health."""
        host = f"[{settings.listen}]" if ":" in settings.listen else settings.listen
        self._about += (
            f"; metrics: http://{host}:{settings.metrics_port}/metrics, "
            f"health: http://{host}:{settings.health_port}/readyz"
        )

    def watches(self, described: int, folder: Path | None) -> None:
        """The flow has so many parameters described, and keeps snapshots in a folder.

        Without one it warns: what the detectors learn ends with the process.
        """
        self._about = f"; {described} parameters are described{self._about}"
        self._folder = folder
        if folder is None:
            _log.warning(
                "no folder for snapshots (-r): what the detectors learn is lost when "
                "this process ends, and the next one reads everything again"
            )

    def reads(self, topic: str, offsets: Mapping[int, int]) -> None:
        """A topic is read from these offsets on; negative ones are the beginning."""
        about, self._about = self._about, ""
        whence = f" (state folder {self._folder})" if self._folder else ""
        _log.info("reading %s from %s%s%s", topic, told(offsets), whence, about)


def told(offsets: Mapping[int, int]) -> str:
    """Where partitions are read from, in words."""
    known = [f"{p} offset {at}" for p, at in sorted(offsets.items()) if at >= 0]
    fresh = [str(p) for p, at in sorted(offsets.items()) if at < 0]
    if not known:
        word = "partition" if len(fresh) == 1 else "partitions"
        return f"the beginning of {word} {', '.join(fresh)}"
    beginning = f"; the beginning of {', '.join(fresh)}" if fresh else ""
    return f"partition {', '.join(known)}{beginning}"
