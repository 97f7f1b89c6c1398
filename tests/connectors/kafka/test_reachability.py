"""An outage of Kafka is told in few lines, and its end always."""

import logging

import pytest
from confluent_kafka import KafkaError

from connectors.errors import KafkaUnavailable
from connectors.kafka.clients import consumer, note_event, partitions_of
from connectors.kafka.reachability import TELL_EVERY_S, ClientLog, Reachability
from connectors.settings import Settings
from tests.services.ports import free_port

REFUSED = "127.0.0.1:9092/bootstrap: Connection refused"
TELEMETRY, LETTERS = "telemetry.spacecraft", "telemetry.dead_letter"


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kafka(clock: Clock) -> Reachability:
    """One that has answered before."""
    known = Reachability(clock)
    known.answers(TELEMETRY, works=True)
    return known


def go_away(kafka: Reachability, clock: Clock, seconds: int) -> None:
    """An outage as a flow sees it: asked every five seconds, and many attempts."""
    for second in range(seconds):
        for _ in range(20):
            kafka.failed(REFUSED)
        if second % 5 == 0:
            kafka.answers(TELEMETRY, works=False)
        clock.now_s += 1


def test_an_outage_is_one_line_and_its_end_another(kafka, clock, caplog):
    go_away(kafka, clock, 58)
    kafka.answers(TELEMETRY, works=True)
    assert caplog.messages == [
        f"Kafka does not answer, trying again: {REFUSED}",
        "Kafka answers again after 58 s",
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_a_long_outage_is_told_once_a_minute(kafka, clock, caplog):
    go_away(kafka, clock, 5 * 60)
    away = [*caplog.messages]
    assert len(away) == 5
    assert away[2] == f"Kafka has not answered for 120 s: {REFUSED}"


def test_an_outage_counts_from_the_first_attempt_that_failed(kafka, clock, caplog):
    kafka.failed(REFUSED)
    clock.now_s += 4
    kafka.answers(TELEMETRY, works=False)
    clock.now_s += 6
    kafka.answers(TELEMETRY, works=True)
    assert caplog.messages[-1] == "Kafka answers again after 10 s"


def test_a_broker_that_is_silent_and_refuses_nothing_is_away_too(kafka, clock, caplog):
    kafka.answers(TELEMETRY, works=False)
    clock.now_s += 30
    kafka.answers(TELEMETRY, works=True)
    assert caplog.messages == [
        "Kafka does not answer, trying again",
        "Kafka answers again after 30 s",
    ]


def test_it_is_back_only_when_everyone_has_an_answer(kafka, caplog):
    kafka.answers(TELEMETRY, works=False)
    kafka.answers(LETTERS, works=False)
    kafka.answers(TELEMETRY, works=True)
    assert len(caplog.messages) == 1
    kafka.answers(LETTERS, works=True)
    assert caplog.messages[1:] == ["Kafka answers again after 0 s"]


def test_a_kafka_that_comes_and_goes_is_not_told_each_time(kafka, clock, caplog):
    for _ in range(60):
        go_away(kafka, clock, 5)
        kafka.answers(TELEMETRY, works=True)
    assert 5 <= len(caplog.messages) <= 2 * 5


def test_one_broker_of_several_that_is_down_is_told_once_a_minute_and_by_its_reason(
    kafka, clock, caplog
):
    for _ in range(36):
        kafka.failed(REFUSED)
        clock.now_s += 5
        kafka.answers(TELEMETRY, works=True)
    assert len(caplog.messages) == 3
    assert caplog.messages[1] == (
        "Kafka answers, but attempts to reach a broker failed (12), the last: "
        f"{REFUSED}"
    )


def test_before_it_answered_for_the_first_time_nothing_is_told(clock, caplog):
    kafka = Reachability(clock)
    go_away(kafka, clock, 300)
    assert not caplog.messages
    assert kafka.problem == REFUSED


def test_a_clients_lines_on_connections_are_reasons_and_no_lines(kafka, caplog):
    caplog.set_level(logging.DEBUG)
    log = ClientLog(kafka)
    line = f"[thrd:127.0.0.1:9092/bootstrap]: {REFUSED}"
    log.log(logging.ERROR, "%s [%s] %s", "FAIL", "orbitwatch#consumer-1", line)
    assert kafka.problem == REFUSED
    # A broker closes what nobody used for ten minutes.
    log.log(logging.INFO, "%s [%s] %s", "FAIL", "orbitwatch#producer-2", "idle")
    assert kafka.problem == REFUSED
    assert not caplog.messages


def test_other_warnings_of_a_client_are_shown_once_a_minute_each(clock, caplog):
    caplog.set_level(logging.DEBUG)
    log = ClientLog(Reachability(clock), clock)
    for _ in range(int(2 * TELL_EVERY_S)):
        for kind in ("GETPID", "CONFWARN"):
            log.log(logging.WARNING, "%s [%s] %s", kind, "client", "a\nreason")
        log.log(logging.DEBUG, "%s [%s] %s", "BRKMAIN", "client", "asked for")
        clock.now_s += 1
    asked_for = [line for line in caplog.messages if "BRKMAIN" in line]
    assert len(asked_for) == 2 * TELL_EVERY_S
    others = [line for line in caplog.messages if "BRKMAIN" not in line]
    assert sorted(others) == 2 * ["CONFWARN [client] a reason"] + 2 * [
        "GETPID [client] a reason"
    ]


def test_that_all_brokers_are_down_is_no_reason(kafka):
    note_event(kafka, KafkaError(KafkaError._ALL_BROKERS_DOWN))
    assert kafka.problem == ""
    note_event(kafka, KafkaError(KafkaError._TRANSPORT, REFUSED))
    assert kafka.problem == REFUSED


def test_the_error_of_a_kafka_that_was_never_there_says_why_and_is_all_that_is_said(
    caplog, monkeypatch
):
    monkeypatch.setattr("connectors.kafka.clients.ANSWER_S", 0.5)
    settings = Settings(kafka=f"127.0.0.1:{free_port()}")
    client = consumer(settings)
    with pytest.raises(KafkaUnavailable, match="Connection refused"):
        partitions_of(client, settings, TELEMETRY)
    client.close()
    assert not caplog.messages
