"""`make demo`: everything on one machine, without a server, for a minute.

PostgreSQL from a wheel, a Kafka broker in memory, the real flows in processes of their
own, and what they watch: a synthetic spacecraft and an ascent, both with faults, and
satellites. At the end: what was detected, and what else is known.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from connectors.command import Parser, whole
from connectors.database import overview
from connectors.errors import OrbitwatchError
from connectors.parquet.counts import count_archived
from connectors.parquet.storage import Storage
from connectors.process.stopping import StopRequest
from connectors.settings import LOOPBACK
from simulators.demo.children import Interrupted
from simulators.demo.earlier import earlier_folders, place, remove, space
from simulators.demo.feed import DemoFeed
from simulators.demo.progress import ALL_ANOMALIES, judge_all
from simulators.demo.report import (
    HOW_TO_READ,
    Counts,
    event_table,
    headline,
    in_the_archive,
    verdict_table,
    what_is_kept,
    where_it_is,
    where_to_look_next,
)
from simulators.demo.services import DemoServices
from simulators.demo.show import Demo, connected
from simulators.demo.telemetry import ISS, demo_telemetry
from simulators.demo.terminal import agrees, can_ask, say

AT_THE_END = "At the end you can have that removed."
ON_A_TERMINAL = "On a terminal, a demo that ends by itself offers to remove that."


def report(services: DemoServices, feeds: Sequence[DemoFeed], console: Console) -> str:
    """Prints injected against detected, what else is known, and what is archived.

    Returns the result, for the end.
    """
    with connected(services) as database:
        anomalies = overview.latest_anomalies(database, ALL_ANOMALIES)
        events = overview.flight_events(database)
        position = overview.latest_position(database, ISS)
        now = position and position.generation_time
        expected = overview.next_pass(database, ISS, now) if now else None
        samples = overview.stored_parameters(database)
    archived = count_archived(Storage.at(services.settings.archive))
    verdicts, rest = judge_all(feeds, anomalies)
    for feed in feeds:
        feed.count(samples)
    stored = sum(feed.stored for feed in feeds)
    derived = sum(each.samples for each in samples) - stored
    console.print(verdict_table(verdicts, console.width))
    say(HOW_TO_READ)
    console.print(event_table(events, console.width))
    say(where_it_is(position, expected))
    say(f"Besides what was sent, {derived:,} samples of derived parameters are stored.")
    say(in_the_archive(archived))
    sent = sum(feed.sent for feed in feeds)
    counts = Counts(sent, stored, sum(archived.values()))
    return headline(verdicts, len(anomalies), len(rest), counts)


def run(seconds: int, seed: int, stop: StopRequest) -> None:
    """The whole demo; raises OrbitwatchError for what goes wrong, and Interrupted."""
    if folders := earlier_folders(place()):
        say(f"{space(folders)} {AT_THE_END if can_ask() else ON_A_TERMINAL}")
    with DemoServices(stop, say) as services:
        perform(services, seconds, seed, stop)
    offer_removal(services.folder, stop)


def perform(services: DemoServices, seconds: int, seed: int, stop: StopRequest) -> None:
    """Starts all of it, feeds it, and reports."""
    console = Console()
    services.start()
    for flow in services.flows:
        say(f"Metrics: http://{LOOPBACK}:{flow.metrics_port}/metrics ({flow.name})")
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
    result = report(services, feeds, console)
    services.keep()
    say(f"\n{what_is_kept(services.folder)}")
    folders = earlier_folders(place(), but=services.folder)
    if folders and not will_ask(stop):
        say(f"{space(folders)} {ON_A_TERMINAL}")
    say(f"\n{result}\n{where_to_look_next(services.folder)}")


def offer_removal(but: Path, stop: StopRequest) -> None:
    """Removes what earlier demos have left, if whoever is at the terminal agrees."""
    folders = earlier_folders(place(), but=but)
    if not folders or not will_ask(stop):
        return
    if agrees(f"\n{space(folders)} Remove?", stop):
        for problem in remove(folders):
            say(problem)


def will_ask(stop: StopRequest) -> bool:
    """Whoever cut the demo short wants to be off."""
    return can_ask() and not stop()


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
