"""How long a sample takes from the producer to the committed row."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import psycopg

from tests.benchmarks.backlog import check_stored
from tests.benchmarks.feed import feed, latencies_ms
from tests.benchmarks.figures import Findings, Goal, Plan, Table
from tests.benchmarks.flow_run import Observer
from tests.benchmarks.stage import SNAPSHOT_S, Stage
from tests.benchmarks.statistics import Measured, Spread, interleaved, percentile
from tests.benchmarks.telemetry import Shape

RATES = (100, 1_000, 10_000)
SHAPE = Shape.packets(50, 10)
GOAL_RATE = 1_000
P50_MS, P99_MS = 10.0, 50.0
WARM_UP_S = 2.0
MAKE_FLUSHED = "CREATE TABLE flushed (n int)"
FLUSHES = 200


def measure(stage: Stage, plan: Plan) -> Findings:
    """Percentiles of the latency at three rates, snapshots included."""
    seconds = plan.of(11, 6)
    flush_ms = _flush_ms(stage)
    cases: dict[str, Callable[[], Measured]] = {
        f"{rate:,} samples/s": partial(_latency, stage, rate, seconds)
        for rate in ((GOAL_RATE,) if plan.quick else RATES)
    }
    rounds = interleaved(cases, plan.of(2, 1), stage.say)
    at_goal = rounds[f"{GOAL_RATE:,} samples/s"]
    goals = [
        Goal(
            f"latency {quantity} at {GOAL_RATE:,} samples/s",
            Spread.of(at_goal[quantity]).median + flush_ms,
            wanted,
        )
        for quantity, wanted in (("p50 ms", P50_MS), ("p99 ms", P99_MS))
    ]
    return Findings(
        "latency",
        [Table(f"From produce to commit: {SHAPE}", rounds)],
        goals,
        [
            f"Packets of {SHAPE.values} values, {seconds} s a round after "
            f"{WARM_UP_S:.0f} s of warm-up, a snapshot every {SNAPSHOT_S} s. A row's "
            "time of commit is PostgreSQL's (`pg_xact_commit_timestamp`), taken before "
            "the log is flushed; that takes some "
            f"{flush_ms:.2f} ms (measured), which the goals include.",
        ],
    )


def _latency(stage: Stage, rate: int, seconds: float) -> Measured:
    place = stage.servers.new_place()
    with stage.servers.database() as database, stage.flow(database, place) as flow:
        observer = Observer(flow, stage.start(flow), database)
        try:
            # Opened by the first packet: what comes before it is start-up.
            first = feed(stage.kafka, place, SHAPE, rate, 0.0)
            observer.watch(lambda stored: stored >= first.packets)
            warm = feed(stage.kafka, place, SHAPE, rate, WARM_UP_S)
            sent = feed(stage.kafka, place, SHAPE, rate, seconds)
            everything = first + warm + sent
            observer.watch(lambda stored: stored >= everything.packets)
        finally:
            observer.close()
        flow.stop()
        check_stored(database, "sample", everything.samples, everything.total)
        found = latencies_ms(database, sent)
    return {
        "p50 ms": percentile(found, 50),
        "p99 ms": percentile(found, 99),
        "max ms": max(found),
    }


def _flush_ms(stage: Stage) -> float:
    """How much longer a small transaction takes when its commit is waited for."""
    medians = []
    with stage.servers.database() as database, psycopg.connect(database) as connection:
        connection.autocommit = True
        connection.execute(MAKE_FLUSHED)
        for wait in ("off", "on"):
            connection.execute(
                "SELECT set_config('synchronous_commit', %s, false)", [wait]
            )
            taken_ms = []
            for n in range(FLUSHES):
                begin_s = time.perf_counter()
                connection.execute("INSERT INTO flushed VALUES (%s)", [n])
                taken_ms.append((time.perf_counter() - begin_s) * 1000)
            medians.append(percentile(taken_ms, 50))
    return max(medians[1] - medians[0], 0.0)
