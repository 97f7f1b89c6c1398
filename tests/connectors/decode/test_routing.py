"""What stays together is in one shard, wherever polls are cut."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from connectors.decode.decoder import Decoder
from connectors.decode.routing import SHARDS, by_spacecraft, by_subsystem, shard_of
from connectors.messages.samples import ParameterName
from connectors.messages.times import moment
from connectors.messages.wire import Packet, encode_packet


def packet(second: int, craft: str, subsystem: str) -> bytes:
    values: dict[str, float | None] = {"a": float(second), "b": -1.0}
    return encode_packet(
        Packet(
            spacecraft=craft,
            subsystem=subsystem,
            generation_time=moment(second * 10**6),
            values=values,
        )
    )


def test_by_subsystem_is_what_snapshots_of_today_are_kept_by():
    name = ParameterName("ORBITER-1", "power", "battery_voltage")
    assert by_subsystem(name) == "ORBITER-1/power"
    assert by_spacecraft(name) == "ORBITER-1"
    # Another number, and what a flow has learnt is not found again.
    assert (SHARDS, shard_of("ORBITER-1/power"), shard_of("ORBITER-1")) == (16, 11, 8)


def test_by_subsystem_parts_the_subsystems_of_a_spacecraft():
    names = [ParameterName("SAT", f"s{n}", "a") for n in range(40)]
    assert len({shard_of(by_subsystem(name)) for name in names}) == SHARDS
    assert len({shard_of(by_spacecraft(name)) for name in names}) == 1


@given(
    packets=st.lists(
        st.tuples(st.sampled_from(["SAT", "ISS"]), st.sampled_from(["", "x", "y"])),
        min_size=1,
        max_size=30,
    ),
    cuts=st.sets(st.integers(1, 29)),
)
def test_wherever_it_is_cut_a_spacecraft_comes_in_one_piece_of_one_shard(packets, cuts):
    messages = [packet(n, *each) for n, each in enumerate(packets)]
    bounds = [0, *sorted(cut for cut in cuts if cut < len(messages)), len(messages)]
    decoder = Decoder(1e12, route=by_spacecraft)
    found: dict[tuple[str, str], list[float]] = {}
    for first, last in pairwise(bounds):
        part = messages[first:last]
        decoded = decoder.decode(part, [None] * len(part), np.zeros(len(part), int))
        of_craft = [
            (name.spacecraft, shard)
            for runs, shard in zip(decoded.samples, decoded.shards, strict=True)
            for name in runs.names
        ]
        assert {*of_craft} == {(craft, shard_of(craft)) for craft, _ in of_craft}
        assert len(decoded.shards) == len({*decoded.shards})
        for runs in decoded.samples:
            for place, name in enumerate(runs.names):
                if name.parameter == "a":
                    key = name.spacecraft, name.subsystem
                    found.setdefault(key, []).extend(runs.run(place).values.tolist())
    assert found == {
        key: [float(n) for n, each in enumerate(packets) if each == key]
        for key in {*packets}
    }


def test_the_route_stays_when_names_start_afresh():
    decoder = Decoder(1e12, most_names=2, route=by_spacecraft)
    for number in range(20):
        message = packet(number, "SAT", f"invented {number}")
        decoded = decoder.decode([message], [None], np.zeros(1, int))
        assert decoded.shards == [shard_of("SAT")]
