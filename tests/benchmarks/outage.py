"""What a database that is held up, or stopped, does to the memory of the flow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from tests.benchmarks.backlog import Backlog, Miscounted, check_stored
from tests.benchmarks.figures import Findings, Goal, Plan, Table
from tests.benchmarks.flow_run import Observer
from tests.benchmarks.stage import Stage
from tests.benchmarks.statistics import Measured, interleaved
from tests.benchmarks.telemetry import Shape

SHAPE = Shape.packets(1_000, 25)
# Less than the flow's lock_timeout, so that it waits and does not try again.
HELD_UP_S = 5.0
STOPPED_S = 3.0
SETTLE_S = 1.0
GROWTH = "memory after over before"
FLAT = 1.1
HELD_UP, STOPPED = "held up", "stopped"


def measure(stage: Stage, plan: Plan) -> Findings:
    """Memory of a flow with much to read, before and after the database was away."""
    backlog = stage.backlog(SHAPE, plan.of(3_000_000, 2_000_000))
    cases = {
        HELD_UP: lambda: _held_up(stage, backlog),
        STOPPED: lambda: _stopped(stage, backlog),
    }
    rounds = interleaved(cases, 1, stage.say)
    return Findings(
        "outage",
        [Table("A database that takes nothing for a while", rounds)],
        [
            Goal(f"memory when the database is {case}, after over before", growth, FLAT)
            for case in rounds
            for growth in rounds[case][GROWTH]
        ],
        [
            f"Held up: a lock on the table for {HELD_UP_S:.0f} s. Stopped: for "
            f"{STOPPED_S:.0f} s, connections cut. Meanwhile nothing is stored; "
            "afterwards everything is.",
        ],
    )


def _held_up(stage: Stage, backlog: Backlog) -> Measured:
    with _begun(stage, backlog) as (database, observer):
        with psycopg.connect(database) as connection:
            connection.execute("LOCK TABLE sample IN ACCESS EXCLUSIVE MODE")
            before_mb, stored = observer.cost.resident_mb(), observer.stored()
            time.sleep(HELD_UP_S)
            after_mb, still_stored = observer.cost.resident_mb(), observer.stored()
            connection.rollback()
        if stored != still_stored or stored >= backlog.messages:
            raise Miscounted("the flow was not held up: give it more to store")
        observer.watch(lambda done: done >= backlog.messages)
        return {
            "MB before": before_mb,
            "MB after": after_mb,
            GROWTH: after_mb / before_mb,
        }


def _stopped(stage: Stage, backlog: Backlog) -> Measured:
    with _begun(stage, backlog) as (_, observer):
        before_mb, stored = observer.cost.resident_mb(), observer.stored()
        if stored >= backlog.messages:
            raise Miscounted("the flow was done before: give it more to store")
        stage.servers.stop_database()
        try:
            time.sleep(STOPPED_S)
            after_mb = observer.cost.resident_mb()
        finally:
            stage.servers.start_database()
        observer.reconnect()
        observer.watch(lambda done: done >= backlog.messages)
        return {
            "MB before": before_mb,
            "MB after": after_mb,
            GROWTH: after_mb / before_mb,
        }


@contextmanager
def _begun(stage: Stage, backlog: Backlog) -> Iterator[tuple[str, Observer]]:
    """A flow that has stored a part of the backlog; in the end it must have it all."""
    with (
        stage.servers.database() as database,
        stage.flow(database, backlog.place) as flow,
    ):
        observer = Observer(flow, stage.start(flow), database)
        try:
            begun_s = observer.watch(bool)[-1].wall_s
            observer.watch(
                lambda stored: (
                    time.monotonic() > begun_s + SETTLE_S
                    or stored > backlog.messages // 2
                )
            )
            yield database, observer
        finally:
            with suppress(psycopg.Error):
                observer.close()
        flow.stop()
        check_stored(database, "sample", backlog.samples, backlog.total)
