"""The sink in a Bytewax flow, with one worker and with two."""

from __future__ import annotations

import random
from pathlib import Path

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import TestingSource, cluster_main

from connectors.database.connection import connect
from connectors.database.positions import read_positions
from connectors.database.sink import DatabaseSink
from connectors.errors import DatabaseUnavailable
from connectors.messages.findings import Anomaly
from connectors.messages.polls import ToStore
from tests.connectors.flow_run import run_flow
from tests.connectors.stored import count_samples
from tests.connectors.telemetry import (
    SECOND_US,
    START_US,
    anomaly,
    in_volts,
    poll,
    process,
    scored,
)

POLLS = 200
PARAMETERS = [f"p{number}" for number in range(12)]


def polls() -> list[list[tuple[str, ToStore]]]:
    """Polls of some of the parameters, two samples each."""
    chance = random.Random(3)
    made = []
    for number in range(1, POLLS + 1):
        chosen = chance.sample(PARAMETERS, chance.randint(1, len(PARAMETERS)))
        at = poll(number, pieces=len(chosen))
        first_us = START_US + number * 2 * SECOND_US
        made.append(
            [(p, scored(at, [1.0] * 2, parameter=p, first_us=first_us)) for p in chosen]
        )
    return made


@pytest.mark.parametrize("workers", [1, 2])
def test_every_sample_arrives_and_the_position_is_the_last_polls(
    plain_store: str, tmp_path: Path, workers: int
):
    recovery = tmp_path / "recovery"
    recovery.mkdir()
    init_db_dir(recovery, 1)
    made = polls()
    run = process(plain_store)
    flow = Dataflow("flow")
    # Cut into single pieces, as a step with several workers cuts it.
    lists = op.input("polls", flow, TestingSource(made))
    pieces = op.flat_map("pieces", lists, lambda pieces: pieces)
    keyed = op.stateful_map(
        "detect", pieces, lambda count, piece: ((count or 0) + 1, piece)
    )
    op.output("database", keyed, DatabaseSink(run, "spacecraft", in_volts))
    cluster_main(
        flow,
        [],
        0,
        worker_count_per_proc=workers,
        recovery_config=RecoveryConfig(str(recovery)),
    )
    with connect(plain_store, "test") as reader:
        expected = sum(2 * len(pieces) for pieces in made)
        assert count_samples(reader) == expected
        (position,) = read_positions(reader, "spacecraft")
    assert position.next_offset == POLLS * 10
    assert run.metrics.database.samples._value.get() == expected
    assert run.metrics.database.repeated._value.get() == 0


@pytest.mark.parametrize("spoilt", [2, 4])
def test_after_a_poll_that_cannot_be_stored_no_other_is(plain_store: str, spoilt: int):
    refused = anomaly(1, severity=99)
    with pytest.raises(DatabaseUnavailable, match="severity"):
        store(plain_store, {spoilt: (refused,)})
    assert stored(plain_store) == (spoilt - 1, (spoilt - 1) * 10)
    store(plain_store, {})
    assert stored(plain_store) == (4, 40)


def store(database: str, anomalies: dict[int, tuple[Anomaly, ...]]) -> None:
    """Runs a flow that stores four polls of one sample, some with anomalies."""
    made = [
        scored(
            poll(number),
            [1.0],
            first_us=START_US + number * SECOND_US,
            anomalies=anomalies.get(number, ()),
        )
        for number in range(1, 5)
    ]
    flow = Dataflow("flow")
    pieces = op.input("polls", flow, TestingSource(made))
    keyed = op.key_on("key", pieces, lambda _: "all")
    op.output(
        "database", keyed, DatabaseSink(process(database), "spacecraft", in_volts)
    )
    run_flow(flow)


def stored(database: str) -> tuple[int, int]:
    """How many samples are stored, and how far the stream."""
    with connect(database, "test") as reader:
        (position,) = read_positions(reader, "spacecraft")
        return count_samples(reader), position.next_offset
