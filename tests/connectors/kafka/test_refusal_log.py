"""What is refused is told by name once, and then counted once a minute at most."""

from dataclasses import replace

import pytest

from connectors.decode.refusals import FAULTS, Fault
from connectors.kafka.refusal_log import MOST_TOLD, RefusalLog
from connectors.messages.polls import DeadLetter


class Clock:
    """A clock that goes when told to."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(clock: Clock) -> RefusalLog:
    return RefusalLog(clock)


def letter(key: bytes | None = b"SAT/power", reason: str = "not_json", offset: int = 7):
    detail = "JSON is malformed"
    return DeadLetter(b"{", key, "telemetry.spacecraft", 2, offset, reason, detail)


def fault(log: RefusalLog, key: str = "/SAT/mode", reason: str = "text", n: int = 1):
    log.fault(Fault(0, key, reason, n), FAULTS[reason])


def test_the_first_of_each_reason_and_producer_is_told_with_key_and_cause(log, caplog):
    for each in (letter(), letter(b"OTHER"), letter(reason="empty"), letter()):
        log.refused(each)
    first, other, empty = caplog.messages
    for told in ("not_json", "telemetry.spacecraft[2] offset 7", "key SAT/power"):
        assert told in first
    assert "JSON is malformed" in first
    assert "key OTHER" in other
    assert "(empty)" in empty


def test_what_recurs_is_counted_once_a_minute(log, clock, caplog):
    log.refused(letter())
    for _ in range(300):
        log.refused(letter())
        clock.now_s += 0.5
        log.look()
    assert len(caplog.messages) == 1 + 2
    assert all("not_json" in line for line in caplog.messages[1:])
    told = [int(line.rpartition(": ")[2].split()[0]) for line in caplog.messages[1:]]
    clock.now_s += 60
    log.look()
    told.append(int(caplog.messages[-1].rpartition(": ")[2].split()[0]))
    assert sum(told) == 300


def test_what_does_not_recur_is_not_counted(log, clock, caplog):
    log.refused(letter())
    clock.now_s += 600
    log.look()
    assert len(caplog.messages) == 1


def test_a_key_whose_values_are_left_out_is_named_once(log, clock, caplog):
    for _ in range(5):
        fault(log)
    fault(log, "/SAT/count", "rounded")
    assert caplog.messages == [
        "/SAT/mode is text, which is left out; the rest is used",
        "/SAT/count is an integer beyond 2**53, which is rounded to the nearest "
        "double; the rest is used",
    ]
    fault(log, n=10)
    clock.now_s += 61
    log.look()
    assert caplog.messages[2:] == [
        "values left out or rounded in the last 61 s: 14 text"
    ]


def test_invented_producers_do_not_fill_the_log_or_the_memory(log, caplog):
    for number in range(MOST_TOLD + 100):
        log.refused(letter(f"S{number}".encode()))
    assert len(caplog.messages) == MOST_TOLD
    assert len(log._told) == MOST_TOLD


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        (None, b"{", "without a key"),
        (None, None, "without a key"),
        (None, b'{"spacecraft": "SAT-9", "values": 3', "spacecraft SAT-9"),
        (b"K", b'{"spacecraft": "SAT-9"', "key K"),
        (b"a\nb", b"{", r"key 'a\nb'"),
        (b"\xff", b"{", "key \ufffd"),
    ],
)
def test_a_producer_is_told_in_one_line_by_key_or_spacecraft(
    log, caplog, key, value, told
):
    log.refused(replace(letter(key), value=value))
    [line] = caplog.messages
    assert f" {told}: " in line
    assert "\n" not in line
