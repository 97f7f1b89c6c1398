"""The wire format as documented."""

import json
import math
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.messages.findings import (
    Anomaly,
    AnomalyChange,
    ChangeKind,
    Explanation,
    Severity,
)
from connectors.messages.samples import ParameterName
from connectors.messages.times import microseconds, moment
from connectors.messages.wire import (
    Packet,
    decode_anomaly,
    encode_anomaly,
    encode_packet,
)

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
    assert decode_anomaly(encode_anomaly(anomaly)) == anomaly
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


@given(
    revision=st.integers(1, 2**31),
    times_us=st.tuples(st.integers(-(2**50), 2**50), st.integers(0, 2**40) | st.none()),
    severity=st.sampled_from([one for one in Severity if one]),
    peak_score=st.floats(1.0, 1e300),
    numbers=st.lists(st.floats(-1e300, 1e300) | st.none(), min_size=5, max_size=5),
    texts=st.lists(st.text(max_size=20), min_size=3, max_size=3),
)
def test_what_is_told_of_an_anomaly_is_read_as_it_was(
    revision, times_us, severity, peak_score, numbers, texts
):
    started_us, lasted_us = times_us
    ended_us = None if lasted_us is None else started_us + lasted_us
    observed, expected, lower, upper, threshold = numbers
    why = Explanation(
        *(texts[0], observed, expected, lower, upper, threshold, texts[1]),
        {texts[2]: peak_score},
    )
    kind: ChangeKind = "closed" if ended_us is not None else "updated"
    change = AnomalyChange(
        kind, revision, started_us, ended_us, severity, peak_score, 7, why
    )
    anomaly = Anomaly.of(ParameterName("SAT", "", "p"), change)
    assert decode_anomaly(encode_anomaly(anomaly)) == anomaly


def test_a_score_that_was_no_number_is_left_out_of_what_is_read():
    why = Explanation("z", None, None, None, None, None, "", {"a": 2.0, "b": math.nan})
    change = AnomalyChange("opened", 1, 0, None, Severity.WATCH, 2.0, 1, why)
    told = encode_anomaly(Anomaly.of(ParameterName("SAT", "", "p"), change))
    assert decode_anomaly(told).change.explanation.contributions == {"a": 2.0}


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ((b'"WATCH"', b'"ODD"'), "no severity"),
        ((b'"opened"', b'"begun"'), "change"),
        ((b"1970-01-01T00:00:00Z", b"1970-01-01T00:00:00"), "started_at"),
        ((b'"text":""', b'"text":5'), "text"),
        ((b"{", b"["), "array"),
    ],
)
def test_what_is_no_anomaly_is_refused(damage, problem):
    why = Explanation("z", None, None, None, None, None, "")
    change = AnomalyChange("opened", 1, 0, None, Severity.WATCH, 2.0, 1, why)
    told = encode_anomaly(Anomaly.of(ParameterName("SAT", "", "p"), change))
    assert damage[0] in told
    with pytest.raises(msgspec.DecodeError, match=problem):
        decode_anomaly(told.replace(*damage))
