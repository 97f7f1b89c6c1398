"""Recorded channels become packets."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from connectors.recordings.telemanom import DEFAULT_INTERVAL_S, read_channels
from simulators.spacecraft.telemanom import packet_count, recorded_packets
from simulators.timing import Timing
from tests.telemanom_folder import write_telemanom

START = datetime(2024, 1, 1, tzinfo=UTC)
TIMING = Timing(START, DEFAULT_INTERVAL_S)
RECORDINGS = Path(__file__).parents[4] / "shared" / "data" / "telemanom"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_telemanom(tmp_path)


def test_the_test_part_goes_on_where_the_train_part_ends(folder: Path):
    packets = list(recorded_packets(read_channels(folder, names=["P-1"]), TIMING))
    assert [packet.values for packet in packets] == [
        {"P-1": 0.1},
        {"P-1": 0.2},
        {"P-1": 0.3},
    ]
    minutes = [packet.generation_time - START for packet in packets]
    assert minutes == [timedelta(minutes=index) for index in range(3)]


def test_commands_become_context_named_after_their_column(folder: Path):
    packets = recorded_packets(read_channels(folder, names=["P-1"]), TIMING)
    contexts = [packet.context for packet in packets]
    assert contexts == [None, {"command_1": 1.0}, {"command_2": 1.0}]


def test_channels_are_interleaved_by_event_time_each_under_its_own_name(folder: Path):
    channels = read_channels(folder)
    packets = list(recorded_packets(channels, TIMING))
    assert [(packet.key, *packet.values) for packet in packets] == [
        ("MSL/C", "C-2"),
        ("SMAP/P", "P-1"),
        ("MSL/C", "C-2"),
        ("SMAP/P", "P-1"),
        ("SMAP/P", "P-1"),
    ]
    assert packet_count(channels, TIMING) == len(packets)


def test_a_part_may_be_played_alone_and_cut_short(folder: Path):
    channels = read_channels(folder, ["test"])
    timing = Timing(START, 1, samples=1)
    packets = list(recorded_packets(channels, timing))
    assert [packet.values for packet in packets] == [{"C-2": 5.0}, {"P-1": 0.3}]
    assert packet_count(channels, timing) == 2


def test_what_is_not_finite_was_not_acquired(folder: Path):
    rows = np.array([[np.nan, 0], [np.inf, np.nan], [1, 2]])
    np.save(folder / "test" / "C-2.npy", rows)
    packets = recorded_packets(read_channels(folder, names=["C-2"]), TIMING)
    assert [(packet.values["C-2"], packet.context) for packet in packets] == [
        (None, None),
        (None, None),
        (1.0, {"command_1": 2.0}),
    ]


def test_the_recordings_of_nasa_can_be_played():
    if not RECORDINGS.is_dir():
        pytest.skip("there is no ../shared/data/telemanom beside the project")
    channels = read_channels(RECORDINGS)
    timing = Timing(START, DEFAULT_INTERVAL_S, samples=200)
    packets = list(recorded_packets(channels, timing))
    assert {channel.spacecraft for channel in channels} == {"SMAP", "MSL"}
    assert len(packets) == 200 * len(channels)
    assert any(packet.context for packet in packets)
