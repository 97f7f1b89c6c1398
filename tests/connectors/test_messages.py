"""The wire format as documented."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from connectors.messages.findings import Anomaly, AnomalyChange, Explanation, Severity
from connectors.messages.samples import ParameterName
from connectors.messages.times import microseconds, moment
from connectors.messages.wire import Packet, encode_anomaly, encode_packet

NOON = datetime(2025, 12, 21, 12, tzinfo=UTC)


def test_a_packet_is_encoded_as_documented():
    packet = Packet(
        spacecraft="ISS",
        subsystem="orbit",
        generation_time=NOON,
        values={"latitude": -15.5, "longitude": None},
    )
    assert json.loads(encode_packet(packet)) == {
        "spacecraft": "ISS",
        "subsystem": "orbit",
        "generation_time": "2025-12-21T12:00:00Z",
        "values": {"latitude": -15.5, "longitude": None},
    }


@pytest.mark.parametrize(("subsystem", "key"), [("orbit", "ISS/orbit"), (None, "ISS")])
def test_the_key_of_a_packet_is_what_must_stay_in_order(subsystem, key):
    packet = Packet(
        spacecraft="ISS", subsystem=subsystem, generation_time=NOON, values={}
    )
    assert packet.key == key


def test_a_qualified_name_leaves_out_a_missing_subsystem():
    assert str(ParameterName("ISS", "orbit", "latitude")) == "/ISS/orbit/latitude"
    assert str(ParameterName("ISS", "", "latitude")) == "/ISS/latitude"


@pytest.mark.parametrize(
    "time",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2025, 6, 1, 2, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    ],
)
def test_times_survive_as_microseconds(time):
    assert moment(microseconds(time)) == time


def test_an_anomaly_is_encoded_with_names_times_and_explanation():
    anomaly = Anomaly(
        "a1",
        ParameterName("ISS", "power", "voltage"),
        AnomalyChange(
            kind="closed",
            revision=3,
            started_us=microseconds(NOON),
            ended_us=microseconds(NOON + timedelta(seconds=90)),
            severity=Severity.WARNING,
            peak_score=2.5,
            samples=4,
            explanation=Explanation(
                "limits", 35.0, None, 26.0, 33.0, 33.0, "too high", {"limits": 2.5}
            ),
        ),
    )
    document = json.loads(encode_anomaly(anomaly))
    assert document == {
        "id": "a1",
        "change": "closed",
        "revision": 3,
        "spacecraft": "ISS",
        "subsystem": "power",
        "parameter": "voltage",
        "started_at": "2025-12-21T12:00:00Z",
        "ended_at": "2025-12-21T12:01:30Z",
        "severity": "WARNING",
        "peak_score": 2.5,
        "samples": 4,
        "explanation": {
            "detector": "limits",
            "observed": 35.0,
            "expected": None,
            "lower": 26.0,
            "upper": 33.0,
            "threshold": 33.0,
            "text": "too high",
            "contributions": {"limits": 2.5},
        },
    }
