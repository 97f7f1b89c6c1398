"""How commands read their arguments, and how they end."""

import argparse
from datetime import UTC, datetime, timedelta

import pytest

from connectors.command import Parser, exit_code, instant, number, timespan, whole
from connectors.errors import KafkaUnavailable, SettingsError


def failing(error: BaseException) -> int:
    def run() -> None:
        raise error

    return exit_code(run)


def test_a_command_that_ends_well_ends_with_what_it_returns():
    assert exit_code(lambda: None) == 0
    assert exit_code(lambda: 3) == 3


def test_settings_that_cannot_be_used_end_with_2_and_one_line(capsys):
    assert failing(SettingsError("--x", "is wrong")) == 2
    assert capsys.readouterr().err.startswith("orbitwatch: ")


def test_what_goes_wrong_ends_with_1_and_one_line(capsys):
    assert failing(KafkaUnavailable("localhost:9", "refused")) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_ctrl_c_ends_with_130_and_one_line(capsys):
    assert failing(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err.startswith("orbitwatch: interrupted")


def test_other_errors_are_not_hidden():
    with pytest.raises(ZeroDivisionError):
        failing(ZeroDivisionError())


def test_wrong_arguments_are_told_of_in_one_line(capsys):
    with pytest.raises(SystemExit) as ended:
        Parser(prog="python -m x").parse_args(["--no-such"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines() == [
        "orbitwatch: unrecognized arguments: --no-such (see python -m x --help)"
    ]


def test_arguments_within_bounds_are_read():
    assert whole(0, 9)("9") == 9
    assert number(0, 1)("0.5") == 0.5
    assert instant("2024-01-01T02:00:00+02:00") == datetime(2024, 1, 1, tzinfo=UTC)
    assert timespan("days", timedelta(hours=1))("0.5") == timedelta(hours=12)


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (whole(0, 9), "10"),
        (whole(0, 9), "-1"),
        (whole(0, 9), "1.0"),
        (whole(0, 9), "\u0663"),
        (number(0, 1), "1.1"),
        (number(0, 1), "nan"),
        (number(0, 1), "much"),
        (instant, "2024-01-01T00:00:00"),
        (instant, "1969-01-01T00:00:00Z"),
        (instant, "soon"),
        (timespan("hours", timedelta(minutes=1)), "0"),
        (timespan("hours", timedelta(minutes=1)), "1e12"),
        (timespan("hours", timedelta(minutes=1)), "nan"),
    ],
)
def test_arguments_out_of_bounds_are_refused(parse, text):
    with pytest.raises(argparse.ArgumentTypeError, match="is not a"):
        parse(text)
