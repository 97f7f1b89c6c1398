"""The telemetry that is measured with has the shape it claims to have."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.decode.decoder import Decoder
from connectors.messages.wire import ARROW_CONTENT_TYPE
from tests.benchmarks.backlog import Place, partition_of
from tests.benchmarks.ceilings import rows_of
from tests.benchmarks.telemetry import (
    INTERVAL_US,
    START_US,
    Shape,
    instants_for,
    messages,
    signals,
)

SHAPES = [
    Shape.packets(50, 1),
    Shape.packets(50, 25),
    Shape.packets(50, 100),
    Shape.bulk(50),
    Shape.bulk(200),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_messages_decode_to_the_values_they_were_made_of(shape: Shape):
    values = signals(shape.parameters, instants_for(shape, 900), seed=3)
    made = list(messages(shape, values))
    assert len(made) * shape.samples_a_message == values.size
    received_us = np.full(len(made), START_US + values.size * INTERVAL_US)
    content_type = ARROW_CONTENT_TYPE if shape.arrow else None
    decoded = Decoder(86_400).decode(
        [message.value for message in made], [content_type] * len(made), received_us
    )
    assert decoded.refused == []
    runs = [lot.run(n) for lot in decoded.samples for n in range(len(lot.names))]
    found = {str(run.name).rpartition("_")[2]: run for run in runs}
    assert len(found) == shape.parameters
    for parameter, column in enumerate(values.T):
        run = found[str(parameter)]
        np.testing.assert_array_equal(run.values, column)
        np.testing.assert_array_equal(np.diff(run.times_us), INTERVAL_US)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_rows_to_copy_are_the_same_samples(shape: Shape):
    values = signals(shape.parameters, instants_for(shape, 4_000), seed=7)
    rows = rows_of(shape, values)
    keys = [
        (parameter, time_us, value)
        for piece in rows
        for parameter, time_us, value in zip(
            piece.parameter_ids.tolist(),
            piece.times_us.tolist(),
            piece.values.tolist(),
            strict=True,
        )
    ]
    assert len(keys) == values.size
    assert sorted(keys) == [
        (parameter + 1, START_US + instant * INTERVAL_US, value)
        for parameter, column in enumerate(values.T.tolist())
        for instant, value in enumerate(column)
    ]


def test_the_same_seed_gives_the_same_values_and_fewer_are_the_first_of_them():
    many, few = signals(7, 500, seed=1), signals(7, 20, seed=1)
    np.testing.assert_array_equal(many[:20], few)
    assert not np.array_equal(few, signals(7, 20, seed=2))


def test_signals_are_noise_sines_and_steps():
    noise, sine, step = (signals(3, 20_000, seed=4) - signals(3, 1, seed=4)).T
    assert noise.std() == pytest.approx(0.05, rel=0.05)
    assert sine.std() > 0.5
    near_a_level = np.abs(step[:, None] - np.median(step) - [-1, 0, 1]).min(axis=1)
    assert near_a_level.max() < 0.5
    assert step.std() > 0.3


def test_parameters_must_fill_messages_evenly():
    with pytest.raises(ValueError, match="50 parameters do not fill 30"):
        Shape(50, 30)


@given(st.integers(1, 500), st.integers(1, 16))
def test_groups_are_spread_over_all_partitions(groups: int, partitions: int):
    used = [partition_of(group, groups, partitions) for group in range(groups)]
    assert set(used) <= set(range(partitions))
    assert len(set(used)) == min(groups, partitions)
    counts = np.bincount(used, minlength=partitions)
    assert counts.max() - counts[sorted(set(used))].min() <= 1


def test_a_place_is_halved_for_two_processes():
    left, right = Place("topic", 16, 8).halves()
    assert (left.setting, right.setting) == ("16-19", "20-23")
    assert [*left.partitions, *right.partitions] == list(range(16, 24))


def test_two_groups_meet_both_halves():
    assert [partition_of(group, 2, 8) for group in range(2)] == [0, 4]
