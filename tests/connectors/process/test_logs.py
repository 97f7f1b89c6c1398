"""Log lines are lines, and last words are one."""

import json
import logging
import sys

import pytest

from connectors.errors import SettingsError
from connectors.process import logs


@pytest.fixture(autouse=True)
def restored_logging():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def test_an_event_is_one_line_even_with_a_traceback(capsys):
    logs.configure("text", "INFO")
    try:
        raise RuntimeError("two\nlines")
    except RuntimeError:
        logging.getLogger("orbitwatch.test").exception("it\nbroke")
    [line] = capsys.readouterr().err.splitlines()
    assert "ERROR orbitwatch.test it | broke" in line
    assert "RuntimeError: two | lines" in line


def test_json_lines_are_json(capsys):
    logs.configure("json", "WARNING")
    log = logging.getLogger("orbitwatch.test")
    log.info("not shown")
    log.warning("%d samples", 3)
    [line] = capsys.readouterr().err.splitlines()
    event = json.loads(line)
    assert event.pop("time").endswith("Z")
    assert event == {
        "level": "WARNING",
        "logger": "orbitwatch.test",
        "message": "3 samples",
    }


def last_words_of(error: BaseException) -> None:
    logs.log_last_words(type(error), error, error.__traceback__)


def test_an_error_of_ours_ends_as_one_line_without_traceback(capsys):
    logs.configure("text", "INFO")
    try:
        try:
            raise SettingsError("ORBITWATCH_KAFKA", "not host:port")
        except SettingsError as error:
            raise RuntimeError("the engine wraps it") from error
    except RuntimeError as error:
        last_words_of(error)
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith("CRITICAL orbitwatch ORBITWATCH_KAFKA: not host:port")


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("DiskFull", "is full; make room and start again"),
        ("SystemIoFailure, extended_code: 4874", "see that it works and has room"),
    ],
)
def test_what_the_engine_says_of_its_snapshots_comes_with_advice(capsys, code, advice):
    logs.configure("text", "INFO")
    last_words_of(RuntimeError(f"SqliteFailure(Error {{ code: {code} }})"))
    [line] = capsys.readouterr().err.splitlines()
    assert advice in line


def test_an_unforeseen_error_keeps_its_traceback_on_one_line(capsys):
    logs.configure("text", "INFO")
    try:
        raise ZeroDivisionError
    except ZeroDivisionError as error:
        last_words_of(error)
    [line] = capsys.readouterr().err.splitlines()
    assert "unexpected ZeroDivisionError" in line
    assert sys._getframe().f_code.co_filename in line
