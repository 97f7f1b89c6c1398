"""The `spacecraft` flow on made-up telemetry: what it stores, sends and shows."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from prometheus_client.parser import text_string_to_metric_families

from connectors.messages.wire import Packet, encode_packet
from connectors.settings import ALL_INTERFACES
from tests.end_to_end.conftest import Stage
from tests.end_to_end.flow_process import Flow, run_module
from tests.services.waiting import HANG_S, wait_until

START = datetime(2026, 1, 1, tzinfo=UTC)
LIMITS = """
spacecraft: SAT
detectors: {episodes: {close_after_samples: 3}}
parameters:
  voltage: {subsystem: power, unit: V, soft: [26, 33], hard: [24, 34]}
"""


def packet(minute: int, **values: float | None) -> bytes:
    time = START + timedelta(minutes=minute)
    return encode_packet(
        Packet(spacecraft="SAT", subsystem="power", generation_time=time, values=values)
    )


def rows(stage: Stage, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(stage.database) as connection:
        return connection.execute(query).fetchall()


def wait_for_samples(stage: Stage, count: int) -> None:
    query = "SELECT count(*) FROM sample"
    wait_until(lambda: rows(stage, query) == [(count,)], f"{count} samples")


def messages_in(kafka: str, topic: str, partitions: int, count: int):
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "test"})
    consumer.assign(
        [TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(partitions)]
    )
    found = consumer.consume(count, HANG_S)
    consumer.close()
    return found


@pytest.fixture
def limited(stage: Stage) -> Flow:
    """A flow that knows the limits of one parameter."""
    folder = stage.folder / "parameters"
    folder.mkdir()
    (folder / "sat.yaml").write_text(LIMITS)
    return stage.flow(settings={"ORBITWATCH_PARAMETERS": str(folder)})


def test_an_anomaly_of_which_all_memory_is_lost_is_closed_and_that_is_sent(
    stage, limited
):
    query = "SELECT started_at, ended_at, revision FROM anomaly ORDER BY started_at"
    limited.start()
    stage.produce(*(packet(n, voltage=35.0) for n in range(3)))
    wait_for_samples(stage, 3)
    # Samples may be stored before the message is confirmed.
    assert len(messages_in(stage.kafka, "telemetry.anomalies", 8, 1)) == 1
    limited.kill()
    forget(stage.kafka, "telemetry.spacecraft")
    anew = stage.flow("anew", settings=limited.settings)
    anew.start()
    stage.produce(*(packet(n, voltage=28.0) for n in range(10, 15)))
    wait_for_samples(stage, 8)
    last = START + timedelta(minutes=2)
    assert rows(stage, query) == [(START, last, 2)]
    sent = messages_in(stage.kafka, "telemetry.anomalies", 8, 2)
    told = [json.loads(message.value()) for message in sent]
    assert [(one["change"], one["revision"]) for one in told] == [
        ("opened", 1),
        ("closed", 2),
    ]
    assert told[1]["explanation"]["text"].startswith("35 is above the hard limit 34. ")
    stage.produce(packet(20, voltage=36.0))
    wait_for_samples(stage, 9)
    began = START + timedelta(minutes=20)
    assert rows(stage, query) == [(START, last, 2), (began, None, 1)]
    anew.stop()
    # It is heard of no more: somebody has to say so.
    arguments = ("close", "--parameter", "/SAT/power/voltage")
    done = run_module("connectors.anomalies", *arguments, **anew.environment())
    assert done.endswith("closed: 1\n")
    assert rows(stage, query)[1] == (began, began, 2)


def test_an_anomaly_that_is_found_again_without_any_memory_goes_on(stage, limited):
    query = "SELECT started_at, ended_at, revision FROM anomaly"
    limited.start()
    stage.produce(*(packet(n, voltage=35.0) for n in range(3)))
    wait_for_samples(stage, 3)
    limited.kill()
    anew = stage.flow("anew", settings=limited.settings)
    anew.start()
    stage.produce(packet(3, voltage=35.0))
    wait_for_samples(stage, 4)
    assert rows(stage, query) == [(START, None, 1)]
    stage.produce(*(packet(n, voltage=28.0) for n in range(4, 8)))
    wait_for_samples(stage, 8)
    assert rows(stage, query) == [(START, START + timedelta(minutes=3), 2)]
    anew.stop()


def forget(kafka: str, topic: str) -> None:
    """Has the broker drop all messages of a topic."""
    admin = AdminClient({"bootstrap.servers": kafka})
    ends = [TopicPartition(topic, partition, OFFSET_END) for partition in range(8)]
    for dropped in admin.delete_records(ends).values():
        dropped.result(HANG_S)


def test_a_violated_limit_is_stored_and_sent(stage, limited):
    voltages = [28.0, 28.5, 33.5, 35.0, None, 28.0, 28.0, 28.0, 28.0]
    stage.produce(*(packet(n, voltage=v, current=1.0) for n, v in enumerate(voltages)))
    limited.start()
    wait_for_samples(stage, 18)
    limited.stop()
    stored = rows(
        stage,
        "SELECT s.value, s.anomaly_score, s.severity FROM sample s"
        " JOIN parameter p ON p.id = s.parameter_id WHERE p.name = 'voltage'"
        " ORDER BY s.generation_time",
    )
    assert [row[0] for row in stored] == voltages
    assert [row[2] for row in stored] == [0, 0, 2, 4, 0, 0, 0, 0, 0]
    assert stored[2][1] == 1.5
    assert stored[4][1] is None
    [(severity, started, ended, text)] = rows(
        stage, "SELECT severity, started_at, ended_at, text FROM anomaly_named"
    )
    assert severity == "CRITICAL"
    assert started == START + timedelta(minutes=2)
    assert ended == START + timedelta(minutes=3)
    assert "35" in text
    found = messages_in(stage.kafka, "telemetry.anomalies", 8, 3)
    assert [json.loads(one.value())["change"] for one in found] == [
        "opened",
        "updated",
        "closed",
    ]
    assert {one.key() for one in found} == {b"/SAT/power/voltage"}
    units = rows(stage, "SELECT name, unit, system FROM parameter ORDER BY name")
    assert units == [("current", "", "spacecraft"), ("voltage", "V", "spacecraft")]


def test_rubbish_between_packets_goes_to_the_dead_letters_and_nothing_is_lost(stage):
    rubbish = [
        b"",
        None,
        b"not json",
        b"[1, 2]",
        b'{"spacecraft": "SAT"}',
        packet(0, a=1.0).replace(b"2026", b"9999"),
        packet(0, a=1.0).replace(b"Z", b""),
        b"\xff" * 9_000_000,
        packet(0, **{"bad/name": 1.0}),
    ]
    mixed: list[bytes | None] = []
    for number, one in enumerate(rubbish):
        mixed += [packet(number, good=float(number)), one]
    wide = {f"p{n}": float(n) for n in range(10_000)}
    stage.produce(*mixed, packet(99, **wide), packet(100, good=-1.0))
    flow = stage.flow()
    flow.start()
    wait_for_samples(stage, len(rubbish) + 10_000 + 1)
    letters = messages_in(stage.kafka, "telemetry.dead_letter", 1, len(rubbish))
    assert [one.value() for one in letters] == rubbish
    assert [dict(one.headers())["reason"].decode() for one in letters] == [
        "empty",
        "empty",
        "not_json",
        "wrong_shape",
        "wrong_shape",
        "time_in_future",
        "bad_time",
        "not_json",
        "bad_name",
    ]
    # While it reads what is large, it may not hear from the broker for a second.
    flow.wait_ready()
    flow.stop()


def test_repeated_samples_are_no_error_and_the_first_value_stays(stage):
    flow = stage.flow()
    flow.start()
    stage.produce(*(packet(n, voltage=float(n)) for n in range(10)))
    wait_for_samples(stage, 10)
    stage.produce(
        packet(3, voltage=3.0), packet(4, voltage=-4.0), packet(10, voltage=0)
    )
    wait_for_samples(stage, 11)
    values = rows(stage, "SELECT value FROM sample ORDER BY generation_time")
    assert [value for (value,) in values] == [*map(float, range(10)), 0.0]
    flow.wait_for_figures(
        "orbitwatch_database_repeated_samples_total 2.0",
        "orbitwatch_database_contradicted_samples_total 1.0",
    )
    flow.stop()


@pytest.mark.parametrize(
    ("address", "with_bytewax"), [("127.0.0.1", False), (ALL_INTERFACES, True)]
)
def test_metrics_are_what_prometheus_can_read(stage, promtool, address, with_bytewax):
    flow = stage.flow(settings={"ORBITWATCH_LISTEN": address})
    flow.start()
    stage.produce(packet(0, voltage=1.0), b"rubbish")
    wait_for_samples(stage, 1)
    # If the engine serves them, then from a thread of its own, which may come later.
    wait_until(lambda: flow.get("metrics")[0] == 200, "metrics")
    metrics = flow.get("metrics")[1]
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=metrics, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    families = {family.name for family in text_string_to_metric_families(metrics)}
    assert {
        "orbitwatch_telemetry_samples",
        "orbitwatch_telemetry_dead_letter",
        "orbitwatch_telemetry_event_time_lag_seconds",
        "orbitwatch_telemetry_latency_seconds",
        "orbitwatch_telemetry_poll_samples",
        "orbitwatch_telemetry_offset_lag_messages",
        "orbitwatch_anomalies",
        "orbitwatch_database_write_seconds",
    } <= families
    assert ("bytewax_item_inp_count" in families) == with_bytewax
    assert flow.get("healthz", flow.health_port)[0] == 200
    flow.stop()
