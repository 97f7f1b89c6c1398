"""`make demo`: everything on one machine, without a server, for a minute.

PostgreSQL from a wheel, a Kafka broker in memory, the real flow in a process of its
own, and a synthetic spacecraft with faults. At the end: which were detected.
"""

from __future__ import annotations

import shlex
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.live import Live

from connectors import timescale
from connectors.database.connection import Connection, connect, plain_errors
from connectors.errors import OrbitwatchError
from connectors.stopping import StopRequest
from connectors.truth import read_truth
from simulators.arguments import Parser, whole
from simulators.demo_feed import DemoFeed
from simulators.demo_report import (
    Reading,
    Speeds,
    judge,
    live_table,
    status_line,
    summary,
    verdict_table,
)
from simulators.demo_services import DemoServices, Interrupted
from simulators.replay import wait

REFRESH_S = 0.5
LINE_EVERY_S = 5.0
LATEST = 5
ALL_ANOMALIES = 100_000
CATCH_UP_S = 30.0
QUERY = (
    "SELECT qualified_name, severity, started_at, text FROM anomaly_named "
    "ORDER BY started_at DESC LIMIT 10"
)


class Demo:
    """Feeds the flow for a while, and shows from the database what it makes of it."""

    def __init__(
        self, services: DemoServices, seconds: int, feed: DemoFeed, stop: StopRequest
    ) -> None:
        self._services, self._feed, self._stop = services, feed, stop
        self._seconds = seconds
        self._speeds = Speeds()
        self._started_s = 0.0

    def run(self, console: Console) -> None:
        """Returns when time is up (or we are told to stop) and all is stored."""
        self._feed.start()
        try:
            self._services.wait_until_ready()
            self._started_s = time.monotonic()
            with connected(self._services) as database:
                if console.is_terminal:
                    self._show_table(database, console)
                else:
                    self._show_lines(database)
                self._feed.end()
                self._catch_up(database)
        finally:
            self._feed.end()

    def _show_table(self, database: Connection, console: Console) -> None:
        with Live(console=console, transient=True, auto_refresh=False) as live:
            for left_s in self._readings(database, REFRESH_S):
                latest = timescale.latest_anomalies(database, LATEST)
                live.update(live_table(self._speeds, latest, left_s), refresh=True)

    def _show_lines(self, database: Connection) -> None:
        for _ in self._readings(database, LINE_EVERY_S):
            anomalies = timescale.latest_anomalies(database, ALL_ANOMALIES)
            say(status_line(self._speeds, len(anomalies)))

    def _readings(self, database: Connection, show_every_s: float) -> Iterator[float]:
        """Keeps count; yields the seconds to go when there is something to show."""
        shown_s = 0.0
        while not self._stop() and (elapsed_s := self._elapsed_s()) < self._seconds:
            self._look(database)
            if elapsed_s - shown_s >= show_every_s:
                yield self._seconds - elapsed_s
                shown_s = elapsed_s
            wait(min(REFRESH_S, self._seconds - elapsed_s), self._stop)

    def _look(self, database: Connection) -> None:
        """Reads how far the flow is; raises what went wrong elsewhere."""
        self._services.check()
        if self._feed.error is not None:
            raise self._feed.error
        sent = self._feed.sent
        self._feed.stored = timescale.count_samples(database)
        self._speeds.add(Reading(self._elapsed_s(), sent, self._feed.stored))

    def _catch_up(self, database: Connection) -> None:
        """Waits until what was sent is stored."""
        deadline = time.monotonic() + CATCH_UP_S
        self._look(database)
        while self._feed.stored < self._feed.sent and time.monotonic() < deadline:
            time.sleep(0.1)
            self._look(database)
        say(
            f"Sent {self._feed.sent:,} samples in {self._elapsed_s():.0f} s, "
            f"{self._feed.stored:,} are stored."
        )

    def _elapsed_s(self) -> float:
        return time.monotonic() - self._started_s


@contextmanager
def connected(services: DemoServices) -> Iterator[Connection]:
    """A connection that sees what was committed a moment ago.

    Raises DatabaseUnavailable for whatever the database does not do.
    """
    address = services.settings.database
    with plain_errors(address), closing(connect(address, "demo")) as database:
        database.autocommit = True
        yield database


def report(services: DemoServices, truth: Path, console: Console) -> None:
    """Prints injected against detected, as the database has it."""
    with connected(services) as database:
        anomalies = timescale.latest_anomalies(database, ALL_ANOMALIES)
    verdicts, rest = judge(read_truth(truth), anomalies)
    console.print(verdict_table(verdicts))
    say(summary(verdicts, rest))


def how_to_look(folder: Path) -> str:
    """The commands that show the database, and that remove it."""
    look = [sys.executable, "-m", "connectors.embedded", str(folder / "postgres")]
    return (
        f"\nThe database is kept in {folder}. To look at it with psql, and to remove "
        f"it:\n  {shlex.join(look)}\n  {shlex.join([*look, '-c', QUERY])}\n"
        f"  {shlex.join(['rm', '-r', str(folder)])}"
    )


def say(line: str) -> None:
    """Tells the user."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def run(seconds: int, seed: int, stop: StopRequest) -> None:
    """The whole demo; raises OrbitwatchError for what goes wrong, and Interrupted."""
    console = Console()
    with DemoServices(stop, say) as services:
        services.start()
        say(f"Metrics: http://127.0.0.1:{services.metrics_port}/metrics")
        truth = services.folder / "injected_faults.csv"
        feed = DemoFeed(services.settings, truth, seed, seconds)
        Demo(services, seconds, feed, stop).run(console)
        services.stop_flow()
        if stop.signal not in (None, signal.SIGINT):
            raise Interrupted
        report(services, truth, console)
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
