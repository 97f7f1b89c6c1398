"""The first lines of a flow say what it goes on from, and where it can be seen."""

import logging
from pathlib import Path

import pytest

from connectors.process.start_up import StartUp, told
from connectors.settings import Settings

BEGINNING = -2


@pytest.mark.parametrize(
    ("offsets", "words"),
    [
        ({0: BEGINNING}, "the beginning of partition 0"),
        ({1: BEGINNING, 0: BEGINNING}, "the beginning of partitions 0, 1"),
        ({0: 0}, "partition 0 offset 0"),
        (
            {3: 12, 1: BEGINNING, 0: 4711, 2: BEGINNING},
            "partition 0 offset 4711, 3 offset 12; the beginning of 1, 2",
        ),
    ],
)
def test_where_partitions_are_read_from_is_told_in_their_order(
    offsets: dict[int, int], words: str
):
    assert told(offsets) == words


def test_the_first_topic_comes_with_all_there_is_to_know(
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.INFO)
    start_up = StartUp()
    start_up.serves(Settings(listen="::1", metrics_port=3030, health_port=3031))
    start_up.watches(12, Path("state"))
    start_up.reads("telemetry.spacecraft", {0: 7})
    start_up.reads("telemetry.spacecraft", {1: BEGINNING})
    assert caplog.messages == [
        "reading telemetry.spacecraft from partition 0 offset 7 (state folder state); "
        "12 parameters are described; metrics: http://[::1]:3030/metrics, "
        "health: http://[::1]:3031/readyz",
        "reading telemetry.spacecraft from the beginning of partition 1 "
        "(state folder state)",
    ]


def test_a_flow_without_a_folder_warns_and_one_that_keeps_no_snapshots_does_not(
    caplog: pytest.LogCaptureFixture,
):
    archive = StartUp()
    archive.serves(Settings())
    archive.reads("telemetry.spacecraft", {0: BEGINNING})
    assert not caplog.messages
    StartUp().watches(0, None)
    [warning] = caplog.messages
    assert "(-r)" in warning
    assert "lost when this process ends" in warning
