"""`make demo`: everything on one machine, without a server, for a minute.

PostgreSQL from a wheel, a Kafka broker in memory, the real flows in processes of their
own, and what they watch: a synthetic spacecraft and an ascent, both with faults, and
satellites. At the end: what was detected, and what else is known.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress

from rich.console import Console
from rich.live import Live

from connectors.command import Parser, whole
from connectors.database import overview
from connectors.database.connection import Connection, connect, plain_errors
from connectors.errors import OrbitwatchError
from connectors.parquet.counts import count_archived
from connectors.parquet.storage import Storage
from connectors.process.stopping import StopRequest
from connectors.recordings.truth import read_truth
from simulators.demo.children import Interrupted
from simulators.demo.feed import DemoFeed
from simulators.demo.live import live_table, status_line
from simulators.demo.progress import ALL_ANOMALIES, Progress
from simulators.demo.report import (
    event_table,
    how_to_look,
    in_the_archive,
    judge,
    summary,
    verdict_table,
    where_it_is,
)
from simulators.demo.services import DemoServices
from simulators.demo.telemetry import ISS, demo_telemetry
from simulators.replay import wait

REFRESH_S = 0.5
LINE_EVERY_S = 5.0
LATEST = 5
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
                self._end_feeds()
                catch_up(progress, database)
        finally:
            self._end_feeds()
        say(progress.total())

    def _end_feeds(self) -> None:
        for feed in self._feeds:
            feed.ask_to_end()
        for feed in self._feeds:
            feed.wait_for_end()

    def _show_table(
        self, progress: Progress, database: Connection, console: Console
    ) -> None:
        with Live(console=console, transient=True, auto_refresh=False) as live:
            for left_s in self._looks(progress, database, REFRESH_S):
                latest = progress.anomalies[: -LATEST - 1 : -1]
                live.update(live_table(progress.speeds, latest, left_s), refresh=True)

    def _show_lines(self, progress: Progress, database: Connection) -> None:
        for _ in self._looks(progress, database, LINE_EVERY_S):
            say(status_line(progress.speeds, len(progress.anomalies)))

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


def report(services: DemoServices, feeds: Sequence[DemoFeed], console: Console) -> None:
    """Prints injected against detected, what else is known, and what is archived."""
    with connected(services) as database:
        rest = overview.latest_anomalies(database, ALL_ANOMALIES)
        events = overview.flight_events(database)
        position = overview.latest_position(database, ISS)
        now = position and position.generation_time
        expected = overview.next_pass(database, ISS, now) if now else None
    verdicts = []
    for feed in feeds:
        if feed.late is not None:
            judged, rest = judge(read_truth(feed.truth), rest, feed.late)
            verdicts += judged
    console.print(verdict_table(verdicts))
    say(summary(verdicts, rest))
    console.print(event_table(events))
    say(where_it_is(position, expected))
    say(in_the_archive(count_archived(Storage.at(services.settings.archive))))


def say(line: str) -> None:
    """Tells the user."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def run(seconds: int, seed: int, stop: StopRequest) -> None:
    """The whole demo; raises OrbitwatchError for what goes wrong, and Interrupted."""
    console = Console()
    with DemoServices(stop, say) as services:
        services.start()
        for flow in services.flows:
            say(f"Metrics: http://127.0.0.1:{flow.metrics_port}/metrics ({flow.name})")
        feeds = [
            DemoFeed(
                services.settings,
                telemetry,
                seed,
                services.folder / f"injected_faults_{telemetry.system}.csv",
            )
            for telemetry in demo_telemetry(services.settings, seed, seconds)
        ]
        Demo(services, seconds, feeds, stop).run(console)
        services.stop_flows()
        if stop.signal not in (None, signal.SIGINT):
            raise Interrupted
        report(services, feeds, console)
        services.keep()
        say(how_to_look(services.folder))


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 if all went well, also when Ctrl-C made it shorter."""
    parser = Parser(
        prog="python -m simulators.demo",
        description="Shows Orbitwatch at work on one machine; no server is needed.",
    )
    add = parser.add_argument
    add("--seconds", type=whole(5, 86_400), default=60, help="how long (default: 60)")
    add(
        "--seed", type=whole(0, 2**63 - 1), default=0, help="of the faults (default: 0)"
    )
    options = parser.parse_args(arguments)
    stop = StopRequest()
    stop.listen()
    try:
        run(options.seconds, options.seed, stop)
    except Interrupted:
        return 128 + (stop.signal or signal.SIGINT)
    except (OrbitwatchError, OSError) as error:
        with suppress(OSError):
            sys.stderr.write(f"orbitwatch: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
