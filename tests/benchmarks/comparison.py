"""The same job done by the flow and by its peers, into the same database server."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psycopg

from connectors.errors import OrbitwatchError
from tests.benchmarks.backlog import Backlog, check_stored
from tests.benchmarks.figures import Findings, Goal, Plan, Table
from tests.benchmarks.flow_run import LONGEST_S, store_backlog
from tests.benchmarks.peers.environment import PeersUnavailable, peers_python, versions
from tests.benchmarks.peers.job import MAKE_TABLE, TABLE, VARIABLE
from tests.benchmarks.servers import PEERS as PEERS_PLACE
from tests.benchmarks.stage import Stage
from tests.benchmarks.statistics import (
    Mark,
    Measured,
    Rounds,
    interleaved,
    ratio,
    steady,
)
from tests.benchmarks.telemetry import (
    SPACECRAFT,
    Shape,
    parameter_names,
    subsystem,
)
from tests.end_to_end.flow_process import REPOSITORY

COST = "CPU s per million"
SHAPE = Shape.packets(50, 25)
TREES, DEFAULTS = "Orbitwatch, half-space trees", "Orbitwatch, default detectors"
QUIX, STOCK, LOOP = "Quix Streams + River", "Bytewax + River", "plain loop + River"
PEERS = {
    QUIX: ("-m", "tests.benchmarks.peers.quix"),
    STOCK: ("-m", "bytewax.run", "tests.benchmarks.peers.bytewax_stock:flow"),
    LOOP: ("-m", "tests.benchmarks.peers.plain_loop"),
}
WANTED = {QUIX: 1 / 20, STOCK: 1 / 10}


class PeerFailed(OrbitwatchError):
    """A peer ended before its work was done."""


def measure(stage: Stage, plan: Plan) -> Findings:
    """Cost a sample of the flow and of three other ways to do the same."""
    stage.say("  installing the peers, unless that was done before")
    try:
        python = peers_python()
    except PeersUnavailable as error:
        stage.say(f"  skipped: {error}")
        return Findings("comparison", remarks=[f"Skipped: {error}."])
    ours = stage.backlog(SHAPE, plan.of(1_000_000, 400_000))
    theirs = stage.backlog(SHAPE, plan.of(120_000, 80_000), PEERS_PLACE)
    trees = _trees_alone(stage.folder / "trees_alone")
    cases: dict[str, Callable[[], Measured]] = {
        TREES: partial(store_backlog, stage, ours, parameters=trees),
        DEFAULTS: partial(store_backlog, stage, ours),
    }
    for name, command in PEERS.items():
        cases[name] = partial(_store, stage, theirs, (str(python), *command))
    rounds = interleaved(cases, plan.of(3, 1), stage.say)
    pins = ", ".join(f"{name} {version}" for name, version in versions().items())
    return Findings(
        "comparison",
        [Table(f"The same job: {SHAPE}", rounds)],
        _goals(rounds),
        [
            f"Peers ran {theirs.samples:,} samples, Orbitwatch {ours.samples:,} of the "
            "same telemetry; figures are rates. Orbitwatch had recovery on; the peers "
            "kept no detector state over a restart, and their table is a plain one "
            "also where Orbitwatch's is a hypertable: both favour them. "
            f"The peers' versions: {pins}.",
        ],
    )


def _goals(rounds: Rounds) -> list[Goal]:
    return [
        Goal(
            f"CPU a sample, {ours}, over {peer}",
            ratio(rounds[ours][COST], rounds[peer][COST]).median,
            wanted,
        )
        for ours in (TREES, DEFAULTS)
        for peer, wanted in WANTED.items()
    ]


def _trees_alone(folder: Path) -> Path:
    """A folder of parameter definitions that leaves only half-space trees."""
    folder.mkdir(exist_ok=True)
    parameters = {
        name: {"subsystem": subsystem(group)}
        for group in range(SHAPE.groups)
        for name in parameter_names(SHAPE, group)
    }
    detectors = {"record_envelope": {"enabled": False}, "half_space_trees": {}}
    definition = {
        "spacecraft": SPACECRAFT,
        "detectors": detectors,
        "parameters": parameters,
    }
    # JSON is YAML too.
    (folder / "parameters.yaml").write_text(json.dumps(definition))
    return folder


def _store(stage: Stage, backlog: Backlog, command: tuple[str, ...]) -> Measured:
    """Has a peer store the backlog; raises Miscounted unless it did."""
    with stage.servers.database() as database:
        with psycopg.connect(database) as connection:
            connection.execute(MAKE_TABLE)
        job = {
            "kafka": stage.kafka,
            "topic": backlog.place.topic,
            "database": database,
            "samples": backlog.samples,
        }
        marks = _run(stage, command, {**os.environ, VARIABLE: json.dumps(job)})
        check_stored(database, TABLE, backlog.samples, backlog.total)
    return steady(marks)


def _run(
    stage: Stage, command: tuple[str, ...], environment: dict[str, str]
) -> list[Mark]:
    """Runs a peer to its end; what it told of itself."""
    folder = stage.folder / f"peer_{time.monotonic_ns()}"
    folder.mkdir()
    with (folder / "marks").open("wb") as out, (folder / "log").open("wb") as log:
        peer = subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, stdout=out, stderr=log
        )
    stage.guard(peer.pid)
    try:
        code = peer.wait(LONGEST_S)
    except subprocess.TimeoutExpired:
        code = -1
    finally:
        if peer.poll() is None:
            peer.kill()
            peer.wait()
        stage.forget(peer.pid)
    if code:
        said = (folder / "log").read_text(errors="replace").splitlines() or ["nothing"]
        raise PeerFailed(f"{' '.join(command[1:])} did not get done: {said[-1]}")
    lines = (folder / "marks").read_text().splitlines()
    return [Mark(*json.loads(line)) for line in lines if line.startswith("[")]
