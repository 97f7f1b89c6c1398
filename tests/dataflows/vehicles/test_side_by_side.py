"""What was told at once stands side by side, whatever is missing or comes late."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.decode.decoder import Decoder
from connectors.messages.samples import ParameterName, Runs, Samples
from connectors.messages.times import moment
from connectors.messages.wire import (
    ARROW_CONTENT_TYPE,
    Packet,
    encode_arrow,
    encode_packet,
)
from dataflows.state.arrival_clock import epoch_code
from dataflows.vehicles.side_by_side import SideBySide

INPUTS = ("a", "b")


def packet(second: int, epoch: str | None = None, **values: float | None) -> bytes:
    at = moment(second * 10**6)
    return encode_packet(
        Packet(spacecraft="SAT", generation_time=at, values=values, epoch=epoch)
    )


def bulk(*runs: Sequence[int]) -> bytes:
    return encode_arrow(
        [
            Samples(
                ParameterName("SAT", "", name),
                np.array(run) * 10**6,
                np.array(run) + 0.5,
            )
            for name, run in zip(INPUTS, runs, strict=True)
            if run
        ]
    )


def side_by_side(messages: Sequence[bytes]) -> tuple[list[int], np.ndarray]:
    """Seconds, and the columns a, b and the epochs."""
    kinds = [None if one.startswith(b"{") else ARROW_CONTENT_TYPE for one in messages]
    received = np.full(len(messages), 10**15)
    decoded = Decoder(1e9).decode(messages, kinds, received)
    assert not decoded.refused
    [samples] = decoded.samples
    of = {name.parameter: place for place, name in enumerate(samples.names)}
    places = [of.get(name) for name in INPUTS]
    times_us, columns = SideBySide(samples).columns(places)
    return (times_us // 10**6).tolist(), columns


def test_values_of_a_packet_stand_side_by_side_whatever_is_missing():
    seconds, (a, b, epochs) = side_by_side(
        [packet(3, a=1), packet(2, b=5), packet(3, a=2, b=6), packet(4, b=7)]
    )
    assert seconds == [3, 2, 3, 4]
    np.testing.assert_array_equal(a, [1, np.nan, 2, np.nan])
    np.testing.assert_array_equal(b, [np.nan, 5, 6, 7])
    assert np.isnan(epochs).all()


def test_what_is_never_told_is_a_column_of_nothing():
    seconds, (a, b, _) = side_by_side([packet(3, b=1), packet(4, b=2)])
    assert seconds == [3, 4]
    assert np.isnan(a).all()
    assert b.tolist() == [1, 2]


def test_the_instants_of_a_bulk_message_stand_side_by_side_too():
    seconds, (a, b, _) = side_by_side([bulk([1, 2, 3], [2, 3, 4]), packet(9, a=1)])
    assert seconds == [1, 2, 3, 4, 9]
    np.testing.assert_array_equal(a, [1.5, 2.5, 3.5, np.nan, 1])
    np.testing.assert_array_equal(b, [np.nan, 2.5, 3.5, 4.5, np.nan])


def test_the_instants_of_a_bulk_message_are_in_order_of_time_where_its_runs_are():
    seconds, (a, b, _) = side_by_side([bulk([1, 5, 6], [3, 4, 5])])
    assert seconds == [1, 3, 4, 5, 6]
    np.testing.assert_array_equal(a, [1.5, np.nan, np.nan, 5.5, 6.5])
    np.testing.assert_array_equal(b, [np.nan, 3.5, 4.5, 5.5, np.nan])


def test_the_epoch_of_a_packet_stands_beside_it_whichever_values_it_has():
    _, (*_, epochs) = side_by_side(
        [packet(1, a=1), packet(2, "one", b=2), packet(3, "two", a=3, b=3)]
    )
    told = [np.nan, epoch_code("one"), epoch_code("two")]
    np.testing.assert_array_equal(epochs, told)


def test_runs_of_which_nobody_knows_the_messages_go_row_by_row():
    times_us = np.array([20, 10])
    runs = [
        Samples(ParameterName("SAT", "", name), times_us, np.array(values))
        for name, values in (("a", [1.0, 2.0]), ("b", [3.0, 4.0]))
    ]
    found_us, (a, b, _) = SideBySide(Runs.of(runs)).columns([0, 1])
    assert found_us.tolist() == [20, 10]
    assert (a.tolist(), b.tolist()) == ([1, 2], [3, 4])


seconds = st.lists(st.integers(0, 9), max_size=6)


@given(st.lists(st.tuples(seconds, seconds).filter(any), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_bulk_messages_are_aligned_the_same_whatever_is_polled_with_them(messages):
    def rows(sent: list[bytes]) -> list[str]:
        times, columns = side_by_side(sent)
        return [str(row) for row in zip(times, *columns.tolist(), strict=True)]

    sent = [bulk(*runs) for runs in messages]
    assert rows(sent) == [row for one in sent for row in rows([one])]
