"""`python -m simulators`: what it sends, what it refuses, how it stops."""

import json
import re
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from connectors.embedded import EmbeddedBroker
from connectors.recordings.truth import read_truth
from simulators.__main__ import main
from tests.services.waiting import HANG_S, wait_until
from tests.simulators.conftest import Start

COMMAND = ("simulators", "spacecraft")


def sent(process: subprocess.Popen[str]) -> tuple[int, int]:
    """The packets and samples a simulator says it has sent."""
    out, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 0, err
    match = re.search(r"sent (\d+) packets, (\d+) samples", out)
    assert match, out
    return int(match[1]), int(match[2])


def test_everything_arrives(
    start: Start, broker: EmbeddedBroker, count_messages: Callable[[], int]
):
    process = start(*COMMAND, "--samples", "500", ORBITWATCH_KAFKA=broker.address)
    assert sent(process) == (3000, 23_000)
    assert count_messages() == 3000


def test_the_bulk_form_carries_many_packets_a_message(
    start: Start, broker: EmbeddedBroker, count_messages: Callable[[], int]
):
    arguments = ("--samples", "500", "--arrow", "200")
    process = start(*COMMAND, *arguments, ORBITWATCH_KAFKA=broker.address)
    assert sent(process) == (3000, 20_000)
    assert count_messages() == 6 * 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_once_all_that_was_read_has_arrived(
    start: Start,
    broker: EmbeddedBroker,
    count_messages: Callable[[], int],
    number: signal.Signals,
):
    process = start(*COMMAND, "--rate", "2000", ORBITWATCH_KAFKA=broker.address)
    wait_until(lambda: count_messages() >= 100, "100 messages")
    process.send_signal(number)
    packets, _ = sent(process)
    assert packets >= 100
    assert count_messages() == packets


def test_injected_faults_are_on_record_also_after_ctrl_c(
    start: Start, broker: EmbeddedBroker, tmp_path: Path
):
    arguments = ("--mode", "anomaly", "--warm-up", "10", "--fault-gap", "10")
    truth = tmp_path / "truth.csv"
    process = start(
        *COMMAND,
        *arguments,
        "--truth",
        str(truth),
        ORBITWATCH_KAFKA=broker.address,
    )

    def has_faults() -> bool:
        return truth.exists() and len(truth.read_text().splitlines()) > 20

    wait_until(has_faults, "faults")
    process.send_signal(signal.SIGINT)
    sent(process)
    assert len(list(read_truth(truth))) >= 20


def test_the_truth_goes_beside_and_is_named_where_nobody_says_where(
    start: Start, broker: EmbeddedBroker, tmp_path: Path
):
    arguments = ("--mode", "anomaly", "--samples", "5")
    process = start(*COMMAND, *arguments, ORBITWATCH_KAFKA=broker.address)
    _, err = process.communicate(timeout=HANG_S)
    assert "injected_faults.csv" in err
    assert (tmp_path / "injected_faults.csv").exists()


def test_an_unreachable_broker_is_one_line_that_names_the_setting(start: Start):
    process = start(*COMMAND, ORBITWATCH_KAFKA="127.0.0.1:1")
    _, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 1
    assert err.startswith("orbitwatch: ORBITWATCH_KAFKA=127.0.0.1:1")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("ORBITWATCH_KAFKA", "nonsense"),
        ("ORBITWATCH_KAFKA_NO_SUCH_PROPERTY", "1"),
        ("ORBITWATCH_KAFKAA", "localhost:9092"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(
    start: Start, setting: str, text: str
):
    process = start(*COMMAND, **{setting: text})
    _, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 2
    assert len(err.splitlines()) == 1
    assert err.startswith("orbitwatch: ORBITWATCH_KAFKA")


def test_a_broker_that_goes_away_is_no_success(
    start: Start, broker: EmbeddedBroker, count_messages: Callable[[], int]
):
    process = start(
        *COMMAND,
        "--rate",
        "500",
        ORBITWATCH_KAFKA=broker.address,
        ORBITWATCH_KAFKA_DELIVERY_TIMEOUT_MS="5000",
        ORBITWATCH_KAFKA_REQUEST_TIMEOUT_MS="1000",
    )
    wait_until(count_messages, "messages")
    broker.stop()
    _, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 1
    last = err.splitlines()[-1]
    assert "ORBITWATCH_KAFKA" in last
    assert "not delivered" in last
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["submarine"],
        ["spacecraft", "--rate", "0"],
        ["spacecraft", "--rate", "nan"],
        ["spacecraft", "--rate", "fast"],
        ["spacecraft", "--samples", "0"],
        ["spacecraft", "--samples", "1.5"],
        ["spacecraft", "--seed", "-1"],
        ["spacecraft", "--mode", "odd"],
        ["spacecraft", "--start", "2024-01-01"],
        ["spacecraft", "--start", "yesterday"],
        ["spacecraft", "--interval", "inf"],
        ["spacecraft", "--arrow", "0"],
        ["rocket_launch", "--speed", "0"],
        ["rocket_launch", "--speed", "fast"],
        ["rocket_launch", "--launches", "0"],
        ["rocket_launch", "--t0", "noon"],
        ["rocket_launch", "--mode", "nominal"],
    ],
)
def test_wrong_arguments_exit_with_2(
    arguments: Sequence[str], capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as error:
        main(arguments)
    assert error.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith("orbitwatch: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--data", "nowhere"], "nowhere: there is no folder"),
        (["--part", "test"], "--part: goes with --data only"),
        (["--channels", "P-1"], "--channels: goes with --data only"),
        (["--truth", "t.csv"], "--truth: goes with --mode anomaly only"),
    ],
)
def test_arguments_that_do_not_fit_are_one_line(
    arguments: Sequence[str], problem: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["spacecraft", *arguments]) == 2
    err = capsys.readouterr().err
    assert problem in err
    assert len(err.splitlines()) == 1


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


def test_a_damaged_recording_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "test").mkdir()
    (tmp_path / "labeled_anomalies.csv").write_text("chan_id,spacecraft\nP-1,SMAP\n")
    np.save(tmp_path / "test" / "P-1.npy", np.zeros(3))
    assert main(["spacecraft", "--data", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert "P-1.npy" in err
    assert len(err.splitlines()) == 1


def test_help_explains_itself(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as error:
        main(["spacecraft", "--help"])
    assert error.value.code == 0
    text = capsys.readouterr().out
    for option in ("--data", "--mode", "--rate", "--seed", "--truth", "--samples"):
        assert option in text
