"""Anomalies are ended by hand: in the database, and on the topic."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from connectors.anomalies import BY_HAND, main
from connectors.database.connection import Connection, connect
from connectors.embedded.broker import EmbeddedBroker
from connectors.messages.findings import Severity
from connectors.messages.samples import ParameterName
from connectors.messages.times import microseconds
from connectors.topics import ANOMALIES
from tests.connectors.telemetry import MINUTE_US, anomaly, name, open_sink, poll, scored
from tests.services.waiting import HANG_S

OPEN = "SELECT qualified_name FROM anomaly_named WHERE ended_at IS NULL ORDER BY 1"
NOW_US = microseconds(datetime.now(UTC))
DAY_US = 24 * 60 * MINUTE_US


@pytest.fixture
def left(plain_store: str, monkeypatch) -> str:
    """A database with three open anomalies: two old ones, one of which is still heard.

    No broker can be reached.
    """
    monkeypatch.setenv("ORBITWATCH_DATABASE", plain_store)
    monkeypatch.setenv("ORBITWATCH_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("ORBITWATCH_RETRY_SECONDS", "0")
    old_us, new_us = NOW_US - 3 * DAY_US, NOW_US - MINUTE_US
    with open_sink(plain_store) as sink:
        for number, (parameter, started_us, last_us) in enumerate(
            [
                ("retired", old_us, old_us + MINUTE_US),
                ("heard", old_us, new_us),
                ("new", new_us, new_us),
            ],
            1,
        ):
            begun = anomaly(
                1, number=number, name=name(parameter), started_us=started_us
            )
            piece = scored(
                poll(number),
                [9.0] * (1 + (started_us < last_us)),
                parameter=parameter,
                times_us=sorted({started_us, last_us}),
                anomalies=(begun,),
            )
            sink.write(piece)
    return plain_store


@pytest.fixture
def reader(left: str) -> Iterator[Connection]:
    with connect(left, "test") as connection:
        connection.autocommit = True
        yield connection


def names(reader: Connection) -> list[str]:
    return [row[0].rpartition("/")[2] for row in reader.execute(OPEN)]


def told(kafka: str) -> list[dict[str, object]]:
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "test"})
    consumer.assign(
        [TopicPartition(ANOMALIES.name, p, OFFSET_BEGINNING) for p in range(4)]
    )
    found = [json.loads(one.value() or b"") for one in consumer.consume(1, HANG_S)]
    consumer.close()
    return found


def test_what_is_open_is_listed_by_spacecraft_the_most_severe_first(
    plain_store: str, monkeypatch, capsys
):
    monkeypatch.setenv("ORBITWATCH_DATABASE", plain_store)
    with open_sink(plain_store) as sink:
        for number, (spacecraft, parameter, severity, kind) in enumerate(
            [
                ("B", "mild", Severity.WATCH, "opened"),
                ("B", "bad", Severity.CRITICAL, "opened"),
                ("A", "odd", Severity.WARNING, "opened"),
                ("A", "over", Severity.SEVERE, "closed"),
            ],
            1,
        ):
            of = ParameterName(spacecraft, "power", parameter)
            changes = {"kind": kind, "severity": severity}
            if kind == "closed":
                changes["ended_us"] = NOW_US
            found = anomaly(1, number=number, name=of, **changes)
            sink.write(
                scored(poll(number), [9.0], parameter=parameter, anomalies=(found,))
            )

    def listed(*options: str) -> list[list[str]]:
        assert main(["list", *options]) == 0
        return [line.split() for line in capsys.readouterr().out.splitlines() if line]

    a, head, odd, b, _, bad, mild, count = listed()
    assert (a, b) == (["A:", "1", "WARNING"], ["B:", "1", "CRITICAL,", "1", "WATCH"])
    assert head == ["severity", "since", "parameter", "detector", "score", "why"]
    assert [row[0] for row in (odd, bad, mild)] == ["WARNING", "CRITICAL", "WATCH"]
    assert [row[2] for row in (odd, bad, mild)] == [
        *("/A/power/odd", "/B/power/bad", "/B/power/mild"),
    ]
    assert datetime.fromisoformat(odd[1]).tzinfo is not None
    assert " ".join(odd[5:]) == "3.5 V is above 1.5 V"
    assert count == ["open:", "3"]
    assert [row[2] for row in listed("--spacecraft", "A") if len(row) > 5] == [
        *("parameter", "/A/power/odd"),
    ]
    assert listed("--severity", "CRITICAL")[-1] == ["open:", "1"]
    assert listed("--severity", "SEVERE") == [["open:", "0"]]


def test_those_of_a_parameter_are_closed_and_told(
    reader: Connection, monkeypatch, capsys
):
    with EmbeddedBroker([ANOMALIES.name]) as broker:
        monkeypatch.setenv("ORBITWATCH_KAFKA", broker.address)
        assert main(["close", "--parameter", "/ORBITER/power/retired"]) == 0
        [closed] = told(broker.address)
        assert main(["close", "--parameter", "/ORBITER/power/retired"]) == 0
    assert (closed["parameter"], closed["change"]) == ("retired", "closed")
    assert closed["revision"] == 2
    out = capsys.readouterr().out
    assert out.startswith("/ORBITER/power/retired: WARNING since ")
    assert [line for line in out.splitlines() if "closed:" in line] == [
        "closed: 1",
        "closed: 0",
    ]
    assert names(reader) == ["heard", "new"]
    query = "SELECT ended_at, revision, explanation ->> 'text' FROM anomaly"
    row = reader.execute(f"{query} WHERE ended_at IS NOT NULL").fetchone()
    assert row is not None
    assert microseconds(row[0]) == NOW_US - 3 * DAY_US + MINUTE_US
    assert row[1:] == (2, f"3.5 V is above 1.5 V {BY_HAND}")


def test_those_of_parameters_that_were_not_heard_for_days_are_closed(
    reader: Connection, monkeypatch
):
    with EmbeddedBroker([ANOMALIES.name]) as broker:
        monkeypatch.setenv("ORBITWATCH_KAFKA", broker.address)
        assert main(["close", "--unheard-days", "4"]) == 0
        assert names(reader) == ["heard", "new", "retired"]
        assert main(["close", "--unheard-days", "2"]) == 0
    assert names(reader) == ["heard", "new"]


def test_nothing_is_closed_when_it_cannot_be_told(reader: Connection, capsys):
    assert main(["close", "--parameter", "/ORBITER/power/new"]) == 1
    said = capsys.readouterr().err
    assert "telemetry.anomalies" in said
    assert "Nothing was closed; run it again" in said
    assert "flow" not in said
    assert names(reader) == ["heard", "new", "retired"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["close"],
        ["close", "--unheard-days", "0"],
        ["close", "--unheard-days", "soon"],
        ["close", "--unheard-days", "1", "--parameter", "/SAT/p"],
    ],
)
def test_what_is_to_be_closed_has_to_be_said(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "orbitwatch: " in capsys.readouterr().err
