"""`python -m simulators rocket_launch`: what it sends, what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.embedded import EmbeddedBroker
from connectors.recordings.truth import read_truth
from simulators.__main__ import main
from tests.simulators.conftest import Start, sent


def test_launches_arrive_on_a_topic_of_their_own(
    start: Start,
    broker: EmbeddedBroker,
    count_messages: Callable[..., int],
    tmp_path: Path,
):
    count = 400
    times = [round(index / 30, 3) for index in range(count)]
    speeds = [float(index // 4) for index in range(count)]
    recorded = {"time": times, "velocity": speeds, "altitude": [0.2] * count}
    path = tmp_path / "launch.json"
    path.write_text(json.dumps(recorded))
    arguments = (str(path), "--speed", "max", "--launches", "3", "--mode", "anomaly")
    faulty = ("--warm-up", "10", "--fault-gap", "20", "--truth", "truth.csv")
    command = ("simulators", "rocket_launch", *arguments, *faulty)
    process = start(*command, ORBITWATCH_KAFKA=broker.address)
    assert sent(process)[0] == 3 * count
    assert count_messages("telemetry.rocket_launch") == 3 * count
    faults = list(read_truth(tmp_path / "truth.csv"))
    assert {fault.name.parameter for fault in faults} == {"velocity", "altitude"}
    assert len({fault.name.spacecraft for fault in faults}) == 3


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        ('{"time": [0, 1], "velocity": [0], "altitude": [0, 0]}', "differ in length"),
        ('{"time": [0, 1], "velocity": [0, -1], "altitude": [0, 0]}', "below 0"),
        ('{"time": [0, 1], "veloc', "cut short"),
    ],
)
def test_a_launch_that_is_none_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, problem: str
):
    path = tmp_path / "launch.json"
    path.write_text(content)
    assert main(["rocket_launch", str(path)]) == 2
    err = capsys.readouterr().err
    assert problem in err
    assert str(path) in err
    assert len(err.splitlines()) == 1
