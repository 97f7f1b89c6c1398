"""`python -m simulators`: what it sends, what it refuses, how it stops."""

import inspect
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from connectors.embedded import EmbeddedBroker
from connectors.recordings.truth import read_truth
from connectors.systems import SYSTEMS
from simulators.__main__ import main
from simulators.command_line import parser, simulator_commands
from simulators.spacecraft.command import add_command
from tests.services.waiting import HANG_S, wait_until
from tests.simulators.conftest import Start, sent

COMMAND = ("simulators", "spacecraft")


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


def test_help_explains_itself(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as error:
        main(["spacecraft", "--help"])
    assert error.value.code == 0
    text = capsys.readouterr().out
    for option in ("--data", "--mode", "--rate", "--seed", "--truth", "--samples"):
        assert option in text


def test_the_commands_are_those_that_the_table_of_systems_names():
    (commands,) = parser()._subparsers._group_actions  # type: ignore[union-attr]
    named = [system.command for system in SYSTEMS if system.command is not None]
    assert list(commands.choices or ()) == named


@pytest.mark.parametrize("command", simulator_commands(), ids=lambda one: one.__name__)
def test_the_modules_of_commands_have_one_shape(command: ModuleType):
    assert inspect.signature(command.add_command) == inspect.signature(add_command)
    asked = [
        parameter.annotation
        for parameter in inspect.signature(command.play).parameters.values()
    ]
    assert asked == ["argparse.Namespace", "Settings", "StopRequest"]
