"""Shows how far a replay is: a bar in a terminal, else a line every few seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from simulators.feed import Feed

LINE_EVERY_S = 5.0


class ProgressDisplay:
    """Writes to stderr; `total` packets are expected, None for no end."""

    def __init__(
        self, total: int | None, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock_s = clock_s
        self._console = Console(stderr=True)
        self._latest = (clock_s(), 0)
        self._bar: Progress | None = None
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.fields[text]}"),
                BarColumn(bar_width=24),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._task = self._bar.add_task("", total=total, text="")

    @property
    def period_s(self) -> float:
        """How often `show` is worth calling."""
        return LINE_EVERY_S if self._bar is None else 0.2

    def show(self, feed: Feed) -> None:
        """Brings the display up to date."""
        now_s, (then_s, samples) = self._clock_s(), self._latest
        self._latest = (now_s, feed.samples)
        speed = (feed.samples - samples) / max(now_s - then_s, 1e-9)
        text = f"{feed.packets:,} packets, {speed:,.0f} samples/s"
        if feed.event_time:
            text += f", event time {feed.event_time:%Y-%m-%d %H:%M:%S} UTC"
        if self._bar is None:
            sys.stderr.write(text + "\n")
        else:
            self._bar.update(self._task, completed=feed.packets, text=text)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.stop()
