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
from connectors.messages import Scored
from connectors.timescale import DatabaseSink
from tests.connectors.stored import count_samples
from tests.connectors.telemetry import SECOND_US, START_US, poll, process, scored

POLLS = 200
PARAMETERS = [f"p{number}" for number in range(12)]


def polls() -> list[list[tuple[str, Scored]]]:
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
    op.output("database", keyed, DatabaseSink(run, "spacecraft"))
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
    assert run.metrics.database_samples._value.get() == expected
    assert run.metrics.database_repeated._value.get() == 0
