"""What a database lost of anomalies is taken back from the topic that tells of them."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Producer

from connectors.anomalies import main
from connectors.database.connection import Connection, connect
from connectors.embedded.broker import EmbeddedBroker
from connectors.messages.findings import Anomaly
from connectors.messages.wire import encode_anomaly
from connectors.topics import ANOMALIES
from tests.connectors.telemetry import (
    MINUTE_US,
    START_US,
    anomaly,
    name,
    open_sink,
    poll,
    scored,
)
from tests.services.waiting import HANG_S

STORED = "SELECT id::text, revision, ended_at IS NULL FROM anomaly ORDER BY id"


@pytest.fixture
def kafka(plain_store: str, monkeypatch) -> Iterator[str]:
    with EmbeddedBroker([ANOMALIES.name]) as broker:
        monkeypatch.setenv("ORBITWATCH_DATABASE", plain_store)
        monkeypatch.setenv("ORBITWATCH_KAFKA", broker.address)
        yield broker.address


@pytest.fixture
def reader(plain_store: str) -> Iterator[Connection]:
    with connect(plain_store, "test") as connection:
        connection.autocommit = True
        yield connection


def tell(kafka: str, *told: Anomaly | bytes) -> None:
    producer = Producer({"bootstrap.servers": kafka})
    for one in told:
        value = one if isinstance(one, bytes) else encode_anomaly(one)
        # One key: in the order in which they are told.
        producer.produce(ANOMALIES.name, value, b"key")
    assert producer.flush(HANG_S) == 0


def ended(revision: int, number: int) -> Anomaly:
    end_us = START_US + MINUTE_US
    return anomaly(revision, number, kind="closed", ended_us=end_us)


def test_what_was_lost_is_stored_as_it_was_told_last(
    kafka: str, plain_store: str, reader: Connection, capsys
):
    lost, behind, known = anomaly(1, 1), anomaly(1, 2), ended(2, 3)
    with open_sink(plain_store) as sink:
        sink.write(scored(poll(1), [1.0], anomalies=(behind, known)))
    tell(kafka, lost, anomaly(2, 1), behind, ended(3, 2), anomaly(1, 3), known)
    assert main(["restore"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "3 anomalies are on telemetry.anomalies",
        "2 were restored",
    ]
    assert reader.execute(STORED).fetchall() == [
        (lost.id, 2, True),
        (behind.id, 3, False),
        (known.id, 2, False),
    ]
    assert main(["restore"]) == 0
    assert "0 were restored" in capsys.readouterr().out


def test_of_two_with_one_revision_the_later_counts(
    kafka: str, plain_store: str, reader: Connection
):
    """As where one that was closed by hand goes on."""
    with open_sink(plain_store) as sink:
        sink.write(scored(poll(1), [1.0]))
    tell(kafka, anomaly(1), ended(2, 1), anomaly(2))
    assert main(["restore"]) == 0
    assert reader.execute(STORED).fetchall() == [(anomaly(1).id, 2, True)]


def test_what_is_none_and_what_is_of_nothing_known_is_left_out_and_told_of(
    kafka: str, reader: Connection, capsys
):
    tell(kafka, b"no anomaly", b"", anomaly(1, name=name("never stored")))
    assert main(["restore"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1:] == [
        "0 were restored",
        "1 are of parameters that the database does not have: run their flows first",
        "2 messages are no anomalies",
    ]
    assert reader.execute(STORED).fetchall() == []
