"""The demo while it runs: flows are fed, and what they make of it is shown."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from rich.console import Console
from rich.live import Live

from connectors.database.connection import Connection, connect, plain_errors
from connectors.process.stopping import StopRequest
from simulators.demo.feed import DemoFeed
from simulators.demo.live import Picture, status_line
from simulators.demo.progress import Progress
from simulators.demo.services import DemoServices
from simulators.demo.terminal import say
from simulators.replay import wait

REFRESH_S = 0.5
LINE_EVERY_S = 5.0
CATCH_UP_S = 30.0
# To count what is stored takes longer and longer, and the database has other work.
REST_PER_LOOK = 5


class Demo:
    """Feeds the flows for a while, and shows from outside what they make of it."""

    def __init__(
        self,
        services: DemoServices,
        seconds: int,
        feeds: Sequence[DemoFeed],
        stop: StopRequest,
    ) -> None:
        self._services, self._feeds, self._stop = services, feeds, stop
        self._seconds = seconds

    def run(self, console: Console) -> None:
        """Returns when time is up (or we are told to stop) and all is stored."""
        try:
            for feed in self._feeds:
                feed.start()
            self._services.wait_until_ready()
            progress = Progress(self._services, self._feeds)
            with connected(self._services) as database:
                if console.is_terminal:
                    self._show_table(progress, database, console)
                else:
                    self._show_lines(progress, database)
                say("Waiting until all that was sent is stored and archived")
                self._end_feeds()
                catch_up(progress, database)
        finally:
            self._end_feeds()

    def _end_feeds(self) -> None:
        for feed in self._feeds:
            feed.ask_to_end()
        for feed in self._feeds:
            feed.wait_for_end()

    def _show_table(
        self, progress: Progress, database: Connection, console: Console
    ) -> None:
        size = console.size
        with Live(console=console, transient=True, auto_refresh=False) as live:
            for left_s in self._looks(progress, database, REFRESH_S):
                if console.size != size:
                    # The terminal has laid out the lines of before anew.
                    console.clear()
                    size = console.size
                live.update(picture(progress, left_s), refresh=True)

    def _show_lines(self, progress: Progress, database: Connection) -> None:
        for _ in self._looks(progress, database, LINE_EVERY_S):
            say(status_line(progress.speeds, progress.anomalies, progress.verdicts))

    def _looks(
        self, progress: Progress, database: Connection, show_every_s: float
    ) -> Iterator[float]:
        """Keeps count; yields the seconds to go when there is something to show."""
        shown_s = 0.0
        while not self._stop() and (elapsed_s := progress.elapsed_s) < self._seconds:
            progress.look(database)
            if elapsed_s - shown_s >= show_every_s:
                yield self._seconds - elapsed_s
                shown_s = elapsed_s
            rest_s = max(REFRESH_S, REST_PER_LOOK * progress.look_took_s)
            wait(min(rest_s, self._seconds - elapsed_s), self._stop)


def picture(progress: Progress, left_s: float) -> Picture:
    """What is known at the moment."""
    found = progress.anomalies, progress.verdicts
    return Picture(progress.speeds, *found, left_s)


def catch_up(progress: Progress, database: Connection) -> None:
    """Waits until what was sent is stored, and archived."""
    deadline_s = time.monotonic() + CATCH_UP_S
    progress.look(database)
    while progress.is_behind and time.monotonic() < deadline_s:
        time.sleep(0.1)
        progress.look(database)


@contextmanager
def connected(services: DemoServices) -> Iterator[Connection]:
    """A connection that sees what was committed a moment ago.

    Raises DatabaseUnavailable for whatever the database does not do.
    """
    address = services.settings.database
    with plain_errors(address), closing(connect(address, "demo")) as database:
        database.autocommit = True
        yield database
