"""Packets from the archive: the same ones, marked, in order."""

from pathlib import Path

from connectors.messages.times import EPOCH, moment
from connectors.messages.wire import Packet, encode_packet
from connectors.parquet.storage import Storage
from simulators.archive.packets import Stretch, archived_packets
from tests.connectors.parquet.archiving import SECOND_US, START_US, batch, writer
from tests.simulators.archive.conftest import NAMES


def packets(root: Path, first_s: int, end_s: int, **given: str) -> list[Packet]:
    start, end = (moment(START_US + second * SECOND_US) for second in (first_s, end_s))
    stretch = Stretch("spacecraft", start, end, **given)
    return list(archived_packets(Storage.at(str(root)), stretch))


def test_values_of_one_instant_and_subsystem_are_one_packet(root):
    at = moment(START_US + 7 * SECOND_US)
    expected: list[tuple[str, str | None, dict[str, float | None]]] = [
        ("A", "power", {"voltage": 7.0, "current": None}),
        ("A", "thermal", {"tank": -7.0}),
        ("B", None, {"counter": 1e9}),
    ]
    assert packets(root, 7, 8) == [
        Packet(
            spacecraft=spacecraft,
            subsystem=subsystem,
            generation_time=at,
            values=values,
            replay=True,
        )
        for spacecraft, subsystem, values in expected
    ]


def test_packets_come_in_order_and_all_of_them(root):
    found = packets(root, 0, 60)
    assert len(found) == 180
    times = [packet.generation_time for packet in found]
    assert times == sorted(times)


def test_one_spacecraft_can_be_replayed(root):
    assert {packet.spacecraft for packet in packets(root, 0, 9, spacecraft="B")} == {
        "B"
    }


def test_a_parameter_sent_twice_for_an_instant_makes_two_packets(root):
    made = writer(Storage.at(str(root)))
    again_us = START_US + 90 * SECOND_US
    made.write(batch(240, [again_us] * 3, values=[1, 2, 1], names=[NAMES[0]]))
    made.commit()
    assert [packet.values for packet in packets(root, 90, 91)] == [
        {"voltage": 1.0},
        {"voltage": 2.0},
        {"voltage": 1.0},
    ]


def test_only_replayed_packets_say_that_they_are():
    packet = Packet(spacecraft="A", generation_time=EPOCH, values={})
    assert b"replay" not in encode_packet(packet)
