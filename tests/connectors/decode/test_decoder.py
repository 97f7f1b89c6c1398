"""Whatever a message holds, it is data or a refusal, and its neighbours live."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from unicodedata import normalize

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.decode import arrow as arrow_module
from connectors.decode import names as names_module
from connectors.decode.decoder import Decoded, Decoder
from connectors.decode.refusals import FAULTS, REASONS, Fault
from connectors.decode.routing import by_subsystem
from connectors.messages.samples import ParameterName, Samples
from connectors.messages.times import microseconds
from connectors.messages.wire import (
    ARROW_CONTENT_TYPE,
    Packet,
    encode_arrow,
    encode_packet,
)

RECEIVED = datetime(2026, 1, 1, tzinfo=UTC)
PACKET: dict[str, Any] = {
    "spacecraft": "ISS",
    "generation_time": "2025-12-21T12:58:51Z",
    "values": {"a": 1.5, "b": None},
}
DAY_S = 86_400


def packet_json(**changes: Any) -> bytes:
    fields = {**PACKET, **changes}
    return json.dumps({k: v for k, v in fields.items() if v is not ...}).encode()


def poll(*values: bytes | None, arrow: bool = False) -> Decoded:
    kind = ARROW_CONTENT_TYPE if arrow else None
    received_us = np.full(len(values), microseconds(RECEIVED))
    return Decoder(DAY_S).decode(values, [kind] * len(values), received_us)


def runs_of(decoded: Decoded) -> list[Samples]:
    """The runs of all shards, by name."""
    runs = [lot.run(n) for lot in decoded.samples for n in range(len(lot.names))]
    return sorted(runs, key=lambda run: run.name)


def as_dict(decoded: Decoded) -> dict[str, list[float]]:
    return {str(run.name): run.values.tolist() for run in runs_of(decoded)}


def test_a_packet_becomes_one_run_a_parameter():
    decoded = poll(packet_json(subsystem="orbit"))
    a, b = runs_of(decoded)
    assert a.name == ParameterName("ISS", "orbit", "a")
    assert a.values.tolist() == [1.5]
    assert a.times_us.tolist() == [1766321931000000]
    assert np.isnan(b.values).all()
    assert decoded.refused == []


def test_samples_of_a_parameter_stay_in_order_of_arrival():
    values = [packet_json(values={"a": n, "b": -n}) for n in range(50)]
    assert as_dict(poll(*values)) == {
        "/ISS/a": list(range(50)),
        "/ISS/b": [-n for n in range(50)],
    }


def test_times_with_an_offset_are_converted_to_utc():
    [run] = runs_of(
        poll(packet_json(generation_time="2025-12-21T14:58:51+02:00", values={"a": 1}))
    )
    assert run.times_us.tolist() == [1766321931000000]


BAD: dict[str, list[bytes | None]] = {
    "not_json": [
        b"{",
        b"hello",
        b'{"spacecraft":"\xff\xfe"}',
        b'{"x":' + b"[" * 100_000,
        b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"spacecraft": "ISS", "values": {"a": 1}',
    ],
    "wrong_shape": [
        b"[]",
        b"null",
        b"17",
        packet_json(spacecraft=...),
        packet_json(values=...),
        packet_json(generation_time=...),
        packet_json(values=[1, 2]),
        packet_json(values=None),
        packet_json(context=[1]),
        packet_json(spacecraft=7),
        packet_json(subsystem=7),
        packet_json(replay="yes"),
    ],
    "bad_time": [
        packet_json(generation_time="2025-12-21T12:58:51"),
        packet_json(generation_time="0000-12-21T12:58:51Z"),
        packet_json(generation_time="yesterday"),
        packet_json(generation_time=1766321931),
        packet_json(generation_time=True),
    ],
    "no_usable_value": [
        packet_json(values={"a": "1.5"}),
        packet_json(values={"a": True, "b": "on"}),
        packet_json(values={"a": [1]}),
        packet_json(values={"a": 10**400}),
        packet_json(values={"a": 7}).replace(b"7", b"9" * 5000),
        packet_json(values={"a": float("inf")}),
    ],
    "bad_name": [
        packet_json(spacecraft=""),
        packet_json(spacecraft="A/B"),
        packet_json(subsystem="a\x00b"),
        packet_json(values={"": 1}),
        packet_json(values={"x" * 129: 1}),
        packet_json(values={"tab\t": 1}),
        packet_json(context={"x" * 129: 1}),
        packet_json(epoch="x" * 129),
    ],
    "time_in_future": [
        packet_json(generation_time="9999-12-31T23:59:59Z"),
        packet_json(generation_time="9999-12-31T23:59:59-10:00"),
        packet_json(generation_time="2026-01-02T00:00:00.000001Z"),
    ],
    "time_before_year_1": [packet_json(generation_time="0001-01-01T00:00:00+10:00")],
    "too_large": [packet_json(context={f"c{n}": 1 for n in range(257)})],
    "empty": [b"", None],
}


@pytest.mark.parametrize(
    ("reason", "value"),
    [(reason, value) for reason, values in BAD.items() for value in values],
)
def test_a_message_that_is_no_packet_is_refused_and_nothing_around_it_lost(
    reason, value
):
    good = packet_json(values={"good": 1})
    decoded = poll(good, value, good)
    assert as_dict(decoded) == {"/ISS/good": [1.0, 1.0]}
    assert [(refusal.index, refusal.reason) for refusal in decoded.refused] == [
        (1, reason)
    ]
    assert reason in REASONS


def test_a_packet_keeps_its_other_values_when_one_has_a_bad_name():
    decoded = poll(packet_json(values={"a/b": 1, "c": 2}))
    assert as_dict(decoded) == {"/ISS/c": [2.0]}
    [refusal] = decoded.refused
    assert refusal.reason == "bad_name"
    assert refusal.detail.endswith(": 'a/b'")


FAULTY: dict[str, dict[str, Any]] = {
    "text": {"values": {"good": 1, "bad": "SAFE"}},
    "boolean": {"values": {"bad": True, "good": 1}},
    "nested": {"values": {"good": 1, "bad": [1, 2]}},
    "out_of_range": {"values": {"good": 1, "bad": float("inf")}},
    "context text": {"values": {"good": 1}, "context": {"bad": "SAFE"}},
    "context null": {"values": {"good": 1}, "context": {"bad": None}},
    "context boolean": {"values": {"good": 1}, "context": {"bad": False}},
    "context out_of_range": {"values": {"good": 1}, "context": {"bad": 10**400}},
}


@pytest.mark.parametrize("case", FAULTY)
def test_a_value_that_is_no_number_costs_only_itself(case):
    *where, reason = case.split()
    decoded = poll(packet_json(**FAULTY[case]), packet_json(values={"good": 2}))
    assert as_dict(decoded) == {"/ISS/good": [1, 2]}
    assert decoded.refused == []
    key = ".".join([*where, "bad"])
    assert decoded.faults == [Fault(0, f"/ISS/{key}", reason)]
    assert reason in FAULTS


@pytest.mark.parametrize(
    ("told", "key", "reason"),
    [
        ({"sequence": 10**400}, "sequence", "out_of_range"),
        ({"sequence": 2**60}, "sequence", "out_of_range"),
        ({"sequence": 7.5}, "sequence", "fraction"),
        ({"sequence": "7"}, "sequence", "text"),
        ({"epoch": 3}, "epoch", "number"),
        ({"epoch": ["cruise"]}, "epoch", "nested"),
    ],
)
def test_what_is_told_beside_the_values_costs_none_of_them(told, key, reason):
    decoded = poll(packet_json(**told))
    assert list(as_dict(decoded)) == ["/ISS/a", "/ISS/b"]
    assert decoded.refused == []
    assert decoded.faults == [Fault(0, f"/ISS/{key}", reason)]


def test_the_rest_of_a_packet_with_a_fault_is_what_it_is_without():
    whole = {"subsystem": "power", "sequence": 5, "context": {"mode": 2}, "epoch": "x"}
    right = poll(packet_json(**whole))
    mended = poll(packet_json(**whole, values={**PACKET["values"], "state": "ON"}))
    for left, other in zip(runs_of(right), runs_of(mended), strict=True):
        assert (left.name, left.epochs) == (other.name, other.epochs)
        assert left.context == other.context
        np.testing.assert_array_equal(left.times_us, other.times_us)
        np.testing.assert_array_equal(left.values, other.values)


def test_not_a_number_is_not_acquired_in_json_as_in_arrow():
    decoded = poll(packet_json(values={"a": float("nan"), "b": 1}))
    a, b = runs_of(decoded)
    assert np.isnan(a.values).all()
    assert b.values.tolist() == [1]
    assert (decoded.refused, decoded.faults) == ([], [])


LARGE = {
    2**53: [],
    2**53 + 1: ["rounded"],
    -(2**53) - 1: ["rounded"],
    2**53 + 2: [],
    2**62 + 1: ["rounded"],
    2**63 - 1: ["rounded"],
    -(2**63): [],
}


@pytest.mark.parametrize("values", [{"p": 2**53 + 1}, {"a/b": 1}, {"p": "text"}])
def test_deep_fields_that_are_ignored_never_raise(values):
    """How deep is too deep depends on who reads, and from where."""
    for depth in range(800, 1_010):
        deep = b'{"ignored":' + b"[" * depth + b"]" * depth + b","
        poll(packet_json(values=values).replace(b"{", deep, 1))


@pytest.mark.parametrize("whole", LARGE)
def test_an_integer_that_no_double_holds_is_rounded_and_told_of(whole):
    """In JSON and in Arrow alike."""
    told = [Fault(0, "/SAT/p", reason) for reason in LARGE[whole]]
    for decoded in (
        poll(packet_json(spacecraft="SAT", values={"p": whole})),
        poll(packet_json(spacecraft="SAT", values={"p": whole}, epoch=3)),
        poll(arrow_table(value=pa.array([whole], pa.int64())), arrow=True),
    ):
        assert as_dict(decoded) == {"/SAT/p": [float(whole)]}
        assert [one for one in decoded.faults if one.reason == "rounded"] == told
        assert decoded.refused == []


def test_an_unsigned_integer_of_an_arrow_message_is_rounded_too():
    whole = 2**64 - 1
    decoded = poll(arrow_table(value=pa.array([whole], pa.uint64())), arrow=True)
    assert as_dict(decoded) == {"/SAT/p": [float(whole)]}
    assert decoded.faults == [Fault(0, "/SAT/p", "rounded")]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([2**60 + 1], pa.int64()).dictionary_encode(),
        pa.array([Decimal(2**60 + 1)], pa.decimal128(38, 0)),
    ],
)
def test_integers_of_an_arrow_message_in_other_forms_are_rounded_too(column):
    decoded = poll(arrow_table(value=column), arrow=True)
    assert as_dict(decoded) == {"/SAT/p": [float(2**60)]}
    assert decoded.faults == [Fault(0, "/SAT/p", "rounded")]


def test_rounded_rows_of_an_arrow_message_are_counted_by_parameter():
    rows = 6
    decoded = poll(
        arrow_table(
            spacecraft=["SAT"] * rows,
            parameter=[*"pqpqpp"],
            generation_time=pa.array([*range(rows)], pa.timestamp("us", tz="UTC")),
            value=pa.array([2**53 + 1, 1, None, 3, 2**60 + 1, 4], pa.int64()),
        ),
        arrow=True,
    )
    assert decoded.faults == [Fault(0, "/SAT/p", "rounded", 2)]


def test_a_large_number_with_a_fraction_or_an_exponent_is_no_integer():
    decoded = poll(packet_json(values={"a": 7}).replace(b"7", b"9.007199254740993e300"))
    assert decoded.faults == []


def test_a_time_in_the_future_is_refused_with_both_times():
    decoded = poll(packet_json(generation_time="2027-01-01T00:00:00Z"))
    [refusal] = decoded.refused
    assert "2027-01-01T00:00:00" in refusal.detail
    assert "2026-01-01T00:00:00" in refusal.detail


TIMES = {
    "2025-12-21T12:58:60Z": None,
    "2025-12-31T23:59:60Z": "2026-01-01T00:00:00Z",
    "2025-12-31T23:59:60.25Z": "2026-01-01T00:00:00.25Z",
    "2025-12-31T18:59:60-05:00": "2026-01-01T00:00:00Z",
    "20251221T125851Z": "2025-12-21T12:58:51Z",
    "2025-12-21T24:00:00Z": "2025-12-22T00:00:00Z",
    "2025-12-21T24:00:01Z": None,
    "2025-355T12:58:51Z": "2025-12-21T12:58:51Z",
    "2025355T125851Z": "2025-12-21T12:58:51Z",
    "2025-366T00:00:00Z": None,
    "2025-W51-7T12:58:51Z": "2025-12-21T12:58:51Z",
    "2025-12-21T12:58:51,5Z": "2025-12-21T12:58:51.5Z",
    "2025-12-21T12:58Z": "2025-12-21T12:58:00Z",
    "2025-12-21T12:58:51+02": "2025-12-21T10:58:51Z",
    "2025-12-21T12:58:51.1234565Z": "2025-12-21T12:58:51.123457Z",
    "2025-355T12:58:51.1234565Z": "2025-12-21T12:58:51.123457Z",
    "2025-355T12:58:51.9999999Z": "2025-12-21T12:58:52Z",
    "2025-12-21T12:58:51": None,
    "2025-355T12:58:51": None,
    "2025-12-21": None,
    "25-12-21T12:58:51Z": None,
    "+002025-12-21T12:58:51Z": None,
    "2025-13-21T12:58:51Z": None,
    "2025-12-21T12:60:51Z": None,
    "2025-12-21T12:58:51+24:00": None,
    "9999-12-31T24:00:00Z": None,
    "\u0662025-12-21T12:58:51Z": None,
}


@pytest.mark.parametrize("text", TIMES)
def test_a_time_of_iso_8601_is_taken_or_refused_with_the_form_to_send(text):
    decoded = poll(packet_json(generation_time=text, values={"a": 1}))
    meant = TIMES[text]
    if meant is None:
        [refusal] = decoded.refused
        assert refusal.reason == "bad_time"
        assert text[1:] in refusal.detail
        assert "2026-01-05T12:58:51Z" in refusal.detail
    else:
        expected = microseconds(datetime.fromisoformat(meant))
        assert [run.times_us.tolist() for run in runs_of(decoded)] == [[expected]]


@pytest.mark.parametrize(
    ("unit", "time", "time_us"),
    [
        ("s", -7, -7_000_000),
        ("ms", 7, 7000),
        ("ns", 7499, 7),
        ("ns", 7500, 8),
        ("ns", -1, 0),
        ("ns", -501, -1),
        ("ns", 1_766_321_931_123_456_789, 1_766_321_931_123_457),
    ],
)
def test_arrow_times_of_any_unit_come_to_the_microsecond(unit, time, time_us):
    times = pa.array([time], pa.timestamp(unit, tz="UTC"))
    [run] = runs_of(poll(arrow_table(generation_time=times), arrow=True))
    assert run.times_us.tolist() == [time_us]


def test_nanoseconds_are_rounded_alike_in_arrow_and_json():
    for ns in (0, 1, 499, 500, 501, 999):
        text = f"2025-12-21T12:58:51.123456{ns:03}Z"
        [from_json] = runs_of(poll(packet_json(generation_time=text, values={"a": 1})))
        time_ns = 1_766_321_931_123_456_000 + ns
        times = pa.array([time_ns], pa.timestamp("ns", tz="UTC"))
        [from_arrow] = runs_of(poll(arrow_table(generation_time=times), arrow=True))
        assert from_arrow.times_us.tolist() == from_json.times_us.tolist()


@pytest.mark.parametrize("what", ["spacecraft", "subsystem", "parameter", "epoch"])
def test_a_name_has_128_characters_at_most(what: str):
    for length, reasons in ((128, []), (129, ["bad_name"])):
        name = "n" * length
        told = {"values": {name: 1.0}} if what == "parameter" else {what: name}
        decoded = poll(packet_json(**told))
        assert [refusal.reason for refusal in decoded.refused] == reasons


def test_a_packet_has_256_names_of_context_at_most():
    for count, reasons in ((256, []), (257, ["too_large"])):
        context = {f"c{number}": 1 for number in range(count)}
        decoded = poll(packet_json(context=context))
        assert [refusal.reason for refusal in decoded.refused] == reasons


@pytest.mark.parametrize(
    "value",
    [
        packet_json(station="Kiruna"),
        packet_json(subsystem=None),
        packet_json(generation_time="2026-01-02T00:00:00Z"),
        packet_json(generation_time="0001-01-01T00:00:00Z"),
    ],
)
def test_unknown_and_optional_fields_are_no_reason_to_lose_a_packet(value):
    decoded = poll(value)
    assert decoded.refused == []
    assert list(as_dict(decoded)) == ["/ISS/a", "/ISS/b"]


def test_a_packet_without_values_is_no_error():
    assert poll(packet_json(values={})) == Decoded([], [], [])


def test_ten_thousand_parameters_in_a_packet():
    names = {f"p{n}": float(n) for n in range(10_000)}
    decoded = poll(packet_json(values=names))
    assert as_dict(decoded) == {f"/ISS/{n}": [v] for n, v in names.items()}


def test_a_value_of_ten_megabytes_is_refused_or_read():
    padding = "x" * 10_000_000
    assert poll(packet_json(note=padding)).refused == []
    assert poll(padding.encode()).refused[0].reason == "not_json"


def test_context_comes_as_a_column_a_name_and_zero_where_not_named():
    decoded = poll(
        packet_json(values={"a": 1}, context={"mode": 2}),
        packet_json(values={"a": 1}),
        packet_json(values={"a": 1, "b": 1}, context={"heater": 1}),
    )
    a, b = runs_of(decoded)
    assert a.context is not None
    assert b.context is not None
    assert {name: column.tolist() for name, column in a.context.items()} == {
        "mode": [2, 0, 0],
        "heater": [0, 0, 1],
    }
    assert {name: column.tolist() for name, column in b.context.items()} == {
        "heater": [1]
    }


def run_of(values: list[float], name: str = "p", start_us: int = 0) -> Samples:
    times_us = np.arange(len(values)) * 1_000_000 + start_us
    return Samples(ParameterName("SAT", "eps", name), times_us, np.array(values))


def test_names_of_context_that_each_packet_invents_leave_those_that_recur():
    packets = [
        packet_json(values={"a": 1}, context={f"command_{n}": 1, "mode": n})
        for n in range(1_000)
    ]
    [run] = runs_of(poll(*packets))
    assert run.context is not None
    assert len(run.context) == 256
    assert run.context["mode"].tolist() == list(range(1_000))


def test_arrow_and_json_give_the_same_columns():
    names = ("p", "q")
    arrow = poll(encode_arrow(run_of([1, np.nan, 3], n) for n in names), arrow=True)
    packets = [
        Packet(
            spacecraft="SAT",
            subsystem="eps",
            generation_time=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=n),
            values=dict.fromkeys(names, value),
        )
        for n, value in enumerate([1.0, None, 3.0])
    ]
    from_json = poll(*map(encode_packet, packets))
    assert arrow.refused == from_json.refused == []
    for left, right in zip(runs_of(arrow), runs_of(from_json), strict=True):
        assert left.name == right.name
        np.testing.assert_array_equal(left.times_us, right.times_us)
        np.testing.assert_array_equal(left.values, right.values)


def test_arrow_and_json_messages_of_a_poll_stay_in_order():
    decoder = Decoder(DAY_S)
    one = Packet(
        spacecraft="SAT", subsystem="eps", generation_time=RECEIVED, values={"p": 9.0}
    )
    values = [encode_packet(one), encode_arrow([run_of([1, 2])]), encode_packet(one)]
    kinds = [None, ARROW_CONTENT_TYPE, None]
    received_us = np.full(3, microseconds(RECEIVED))
    assert as_dict(decoder.decode(values, kinds, received_us)) == {
        "/SAT/eps/p": [9, 1, 2, 9]
    }


@pytest.mark.parametrize("time_us", [-(2**62), -62_135_596_800_000_001])
def test_a_time_no_database_can_hold_is_refused(time_us):
    decoded = poll(encode_arrow([run_of([1.0], start_us=time_us)]), arrow=True)
    assert decoded.samples == []
    assert [refusal.reason for refusal in decoded.refused] == ["time_before_year_1"]


def test_an_infinite_value_in_an_arrow_message_leaves_the_other_rows_alone():
    decoded = poll(encode_arrow([run_of([1, np.inf, 3])]), arrow=True)
    assert as_dict(decoded) == {"/SAT/eps/p": [1, 3]}
    assert [refusal.reason for refusal in decoded.refused] == ["non_finite"]


@pytest.mark.parametrize("part", [0.01, 0.3, 0.5, 0.9, 0.999])
def test_a_part_of_an_arrow_stream_is_refused(part):
    whole = encode_arrow([run_of([1, 2]), run_of([3, 4])])
    decoded = poll(whole[: int(len(whole) * part)], arrow=True)
    assert decoded.samples == []
    assert [refusal.reason for refusal in decoded.refused] == ["not_arrow"]


def arrow_table(**columns: Any) -> bytes:
    table = pa.table(
        {
            "spacecraft": ["SAT"],
            "parameter": ["p"],
            "generation_time": pa.array([0], pa.timestamp("us", tz="UTC")),
            "value": [1.0],
            **columns,
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def test_arrow_columns_of_kindred_types_are_taken():
    decoded = poll(
        arrow_table(
            spacecraft=pa.array(["SAT"]).dictionary_encode(),
            value=pa.array([1], pa.int32()),
            generation_time=pa.array([7], pa.timestamp("ms", tz="Europe/Paris")),
        ),
        arrow=True,
    )
    [run] = runs_of(decoded)
    assert (str(run.name), run.times_us.tolist()) == ("/SAT/p", [7000])


def test_a_wrong_length_in_an_arrow_message_does_not_end_the_process():
    length = 5
    whole = arrow_table(
        spacecraft=["SAT"] * length,
        parameter=pa.array(map(str, range(length))).dictionary_encode(),
        generation_time=pa.array([0] * length, pa.timestamp("us", tz="UTC")),
        value=[1.0] * length,
    )
    # That of the dictionary, for one, is not checked when the message is read.
    right = length.to_bytes(8, "little")
    wrong = right[:-1] + b"\xff"
    places = [at for at in range(len(whole)) if whole.startswith(right, at)]
    spoilt = [whole[:at] + wrong + whole[at + 8 :] for at in places]
    refused = [poll(each, arrow=True).refused for each in spoilt]
    assert sum(map(len, refused)) > len(spoilt) / 2
    assert {each.reason for found in refused for each in found} == {"not_arrow"}


@pytest.mark.parametrize(
    "columns",
    [
        {"value": ["text"]},
        {"generation_time": [1]},
        {"generation_time": pa.array([0], pa.timestamp("us"))},
        {"generation_time": pa.array([None], pa.timestamp("us", tz="UTC"))},
        {"generation_time": pa.array([2**62], pa.timestamp("s", tz="UTC"))},
        {"spacecraft": [b"\xff"]},
    ],
)
def test_arrow_columns_of_other_types_are_refused(columns):
    decoded = poll(arrow_table(**columns), arrow=True)
    assert decoded.samples == []
    assert [refusal.reason for refusal in decoded.refused] == ["wrong_columns"]


@pytest.mark.parametrize("column", ["spacecraft", "parameter"])
def test_an_arrow_row_without_a_name_is_refused(column):
    decoded = poll(arrow_table(**{column: pa.array([None], pa.string())}), arrow=True)
    assert decoded.samples == []
    assert [refusal.reason for refusal in decoded.refused] == ["bad_name"]


def test_a_flood_of_invented_names_does_not_grow_memory_for_ever():
    decoder = Decoder(DAY_S, most_names=100)
    received_us = np.array([microseconds(RECEIVED)])
    for flood in range(20):
        names = {f"p{flood}-{n}": 1.0 for n in range(30)}
        run = decoder.decode([packet_json(values=names)], [None], received_us)
        assert len(runs_of(run)) == 30
    assert len(decoder._names.names) <= 130


def test_no_time_is_later_than_people_can_write_whatever_the_broker_says():
    late = packet_json(generation_time="9999-12-31T23:59:59-14:00")
    decoded = Decoder(DAY_S).decode([late], [None], np.array([10**18]))
    assert [refusal.reason for refusal in decoded.refused] == ["time_in_future"]


def test_columns_that_are_not_ours_are_not_even_decompressed(monkeypatch):
    monkeypatch.setattr(arrow_module, "MOST_BYTES", 10_000)
    decoded = poll(arrow_table(note=pa.array(["x" * 100_000])), arrow=True)
    assert [len(run) for run in decoded.samples] == [1]
    assert decoded.refused == []


def test_an_arrow_message_that_grows_beyond_bounds_is_refused(monkeypatch):
    monkeypatch.setattr(arrow_module, "MOST_BYTES", 10_000)
    decoded = poll(arrow_table(spacecraft=pa.array(["x" * 100_000])), arrow=True)
    assert [refusal.reason for refusal in decoded.refused] == ["too_large"]


def test_a_small_message_cannot_stand_for_any_number_of_rows(monkeypatch):
    monkeypatch.setattr(arrow_module, "MOST_ROWS", 5)
    decoded = poll(encode_arrow([run_of([1, 2, 3])] * 2), arrow=True)
    assert decoded.samples == []
    assert [refusal.reason for refusal in decoded.refused] == ["too_large"]


def test_an_arrow_message_has_a_million_rows_at_most():
    values = np.zeros(1_000_001)
    times_us = np.arange(len(values))
    name = ParameterName("SAT", "eps", "p")
    for count, reasons in ((1_000_000, []), (1_000_001, ["too_large"])):
        run = Samples(name, times_us[:count], values[:count])
        decoded = poll(encode_arrow([run]), arrow=True)
        assert [refusal.reason for refusal in decoded.refused] == reasons
        assert sum(map(len, decoded.samples)) == (0 if reasons else count)


def test_as_many_names_are_kept_as_can_be_meant_and_no_more():
    decoder = Decoder(DAY_S, most_names=3)
    received_us = np.array([microseconds(RECEIVED)])
    kept = []
    # Their spacecraft counts too.
    for parameter in "abcde":
        decoder.decode([packet_json(values={parameter: 1})], [None], received_us)
        kept.append(len(decoder._names.names))
    assert kept == [1, 2, 3, 1, 2]


def test_the_order_of_names_is_worked_out_once_until_there_is_another():
    names = names_module.Names(lambda name: name, by_subsystem, 100)
    for parameter in "abc":
        names.of("SAT", "")[parameter]
        before = names.order()
        assert len(before[0]) == len(names.names)
        assert all(now is then for now, then in zip(names.order(), before, strict=True))


def test_what_cannot_be_a_name_is_not_kept():
    decoder = Decoder(DAY_S)
    received_us = np.array([microseconds(RECEIVED)])
    for number in range(50):
        long = f"{number}" + "x" * 1000
        bad = packet_json(spacecraft=long), packet_json(values={long: 1.0})
        for value in bad:
            assert decoder.decode([value], [None], received_us).samples == []
    assert sum(map(len, decoder._names._subsystems.values())) == 0


def test_a_parameter_under_several_names_becomes_one_run_in_order():
    def identify(name: ParameterName) -> ParameterName:
        return name._replace(subsystem="power")

    values = [
        packet_json(values={"a": n}, subsystem=["power", None][n % 2]) for n in range(6)
    ]
    received_us = np.full(6, microseconds(RECEIVED))
    decoded = Decoder(DAY_S, identify).decode(values, [None] * 6, received_us)
    assert as_dict(decoded) == {"/ISS/power/a": [0, 1, 2, 3, 4, 5]}


def test_names_in_several_forms_of_unicode_are_one_parameter():
    composed = {"spacecraft": "\u00c9T\u00c9", "values": {"temp\u00e9rature \u2126": 1}}
    decomposed = {
        "spacecraft": "E\u0301TE\u0301",
        "values": {"tempe\u0301rature \u03a9": 2},
    }
    decoded = poll(packet_json(**composed), packet_json(**decomposed))
    assert as_dict(decoded) == {"/\u00c9T\u00c9/temp\u00e9rature \u03a9": [1, 2]}


def test_names_of_an_arrow_message_are_brought_to_the_same_form():
    arrow = arrow_table(parameter=["tempe\u0301rature"], spacecraft=["E\u0301"])
    assert as_dict(poll(arrow, arrow=True)) == {"/\u00c9/temp\u00e9rature": [1]}


def test_a_name_is_as_long_as_people_see_it():
    name = "e\u0301" * 128
    assert poll(packet_json(values={name: 1})).refused == []


def test_parameters_of_a_packet_share_what_it_tells():
    decoded = poll(packet_json(values={"a": 1, "b": 2}, context={"mode": 2}))
    a, b = runs_of(decoded)
    assert a.context is b.context


def test_the_sequence_count_of_packets_is_a_parameter_too():
    decoded = poll(*(packet_json(values={"a": n}, sequence=n) for n in (7, 8, 10)))
    assert as_dict(decoded) == {
        "/ISS/a": [7, 8, 10],
        "/ISS/packet_sequence": [7, 8, 10],
    }


def test_a_sequence_count_does_not_hide_a_parameter_of_that_name():
    decoded = poll(packet_json(values={"packet_sequence": 1}, sequence=10**15))
    assert as_dict(decoded) == {"/ISS/packet_sequence": [1]}


def test_epochs_are_told_where_they_change():
    told = ["launch", None, "launch", "cruise", "cruise", None, "launch"]
    decoded = poll(*(packet_json(values={"a": 1}, epoch=epoch) for epoch in told))
    [run] = runs_of(decoded)
    assert run.epochs == ((0, "launch"), (3, "cruise"), (6, "launch"))


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda of: st.lists(of, max_size=3) | st.dictionaries(st.text(), of, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), ANY_JSON, max_size=6))
def test_every_value_of_any_kind_is_decoded_or_told_of_or_refused_with_its_packet(
    values,
):
    decoded = poll(packet_json(values=values))
    found = {run.name.parameter for run in runs_of(decoded)}
    told = {one.key.rpartition("/")[2] for one in decoded.faults}
    left_out = {
        one.key.rpartition("/")[2] for one in decoded.faults if one.reason != "rounded"
    }
    if decoded.refused:
        assert [one.reason for one in decoded.refused] == ["no_usable_value"]
        assert found == set()
    else:
        assert found | told == set(values)
        assert not found & left_out


NAMES = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.dictionaries(NAMES, VALUES, max_size=5), max_size=8))
def test_every_value_of_every_packet_comes_out_once_or_its_packet_is_refused(packets):
    times = [RECEIVED - timedelta(seconds=n) for n in range(len(packets))]
    decoded = poll(
        *(
            encode_packet(Packet(spacecraft="S", generation_time=time, values=values))
            for time, values in zip(times, packets, strict=True)
        )
    )
    expected: dict[str, list[tuple[int, float | None]]] = {}
    refused = set()
    for index, (time, values) in enumerate(zip(times, packets, strict=True)):
        for sent, value in values.items():
            name = normalize("NFC", sent)
            if names_module.is_name(name):
                rows = expected.setdefault(f"/S/{name}", [])
                rows.append((microseconds(time), value))
            else:
                refused.add(index)
    found = {
        str(run.name): [
            (time, None if np.isnan(value) else value)
            for time, value in zip(
                run.times_us.tolist(), run.values.tolist(), strict=True
            )
        ]
        for run in runs_of(decoded)
    }
    assert found == expected
    assert {refusal.index for refusal in decoded.refused} == refused


@given(st.lists(st.binary(max_size=200), max_size=5), st.booleans())
def test_no_bytes_raise(values, arrow):
    decoded = poll(*values, arrow=arrow)
    assert len({refusal.index for refusal in decoded.refused}) == len(values)


@given(st.data())
def test_a_spoilt_arrow_stream_never_raises(data):
    whole = bytearray(encode_arrow([run_of([1, 2, 3])]))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place] = data.draw(st.integers(0, 255))
    poll(bytes(whole), arrow=True)
