"""Packets with something in them that cannot be used: the rest of them is.

What most packets are is decoded fast and strictly. These are looked at one by one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from connectors.decode.iso_times import iso_time
from connectors.decode.names import full_key, is_name, told_name
from connectors.decode.refusals import REASONS, Unusable
from connectors.errors import one_line
from connectors.messages.wire import LARGEST_WHOLE, Packet

# Python counts the digits of longer ones, and refuses them from 4300 on.
_MOST_DIGITS = 400
_MOST_TOLD = 3


@dataclass(frozen=True, slots=True)
class Mended:
    """What a packet holds that can be used, and what is at fault: pairs of key, why."""

    packet: Packet
    faults: list[tuple[str, str]] = field(default_factory=list)


def mended(value: bytes, problem: msgspec.DecodeError) -> Mended:
    """The usable part of a message that is no packet as it should be.

    `problem` says why it is not. Raises Unusable where nothing can be used.
    """
    told = _json(value, problem)
    if not isinstance(told, dict):
        raise Unusable("wrong_shape", one_line(problem))
    faults: list[tuple[str, str]] = []
    usable = {**told, **_situation(told, faults)}
    if isinstance(values := told.get("values"), dict):
        usable["values"] = _numbers(values, "", faults, null_is_fine=True)
        if values and not usable["values"]:
            raise Unusable("no_usable_value", REASONS["no_usable_value"])
    if "generation_time" in told:
        try:
            usable["generation_time"] = iso_time(told["generation_time"])
        except ValueError as error:
            raise Unusable("bad_time", str(error)) from None
    try:
        return Mended(msgspec.convert(usable, Packet), faults)
    except msgspec.ValidationError as error:
        raise Unusable("wrong_shape", one_line(error)) from None


def rounded_in(value: bytes) -> list[str]:
    """The keys, with their spacecraft, of values of a packet that are rounded."""
    try:
        told = json.loads(value, parse_int=_whole)
    except RecursionError:  # of fields that are ignored; their packet is usable
        return []
    return [
        full_key(told["spacecraft"], told.get("subsystem"), key)
        for key, number in told["values"].items()
        if _fault_of(number) == "rounded"
    ]


def bad_names_in(value: bytes | None) -> str:
    """The first few names in a JSON packet that cannot be names; empty if unknown."""
    try:
        told = json.loads(value or b"")
        names = [told["spacecraft"], told.get("subsystem") or "-", *told["values"]]
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
    ):  # an Arrow stream
        return ""
    bad = [told_name(name) for name in names if not is_name(name)]
    return ", ".join(bad[:_MOST_TOLD])


def _json(value: bytes, problem: msgspec.DecodeError) -> Any:
    """As Python reads it, who writes NaN and Infinity too."""
    try:
        return json.loads(value.decode(), parse_int=_whole)
    except ValueError:
        raise Unusable("not_json", one_line(problem)) from None


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < _MOST_DIGITS else float(digits)


def _situation(
    told: Mapping[str, Any], faults: list[tuple[str, str]]
) -> dict[str, Any]:
    """What of a packet is told beside its values, where that can be used."""
    usable: dict[str, Any] = {}
    if isinstance(context := told.get("context"), dict):
        usable["context"] = _numbers(context, "context.", faults, null_is_fine=False)
    sequence, epoch = told.get("sequence"), told.get("epoch")
    if sequence is not None:
        fault = _fault_of(sequence)
        if fault in (None, "rounded"):
            fault = _fault_of_count(sequence)
        if fault:
            faults.append(("sequence", fault))
        usable["sequence"] = None if fault else int(sequence)
    if epoch is not None and not isinstance(epoch, str):
        faults.append(("epoch", _fault_of(epoch) or "number"))
        usable["epoch"] = None
    return usable


def _fault_of_count(number: float) -> str | None:
    if number != int(number):
        return "fraction"
    return None if abs(number) <= LARGEST_WHOLE else "out_of_range"


def _numbers(
    given: Mapping[str, Any],
    prefix: str,
    faults: list[tuple[str, str]],
    *,
    null_is_fine: bool,
) -> dict[str, float | None]:
    usable: dict[str, float | None] = {}
    for key, number in given.items():
        fault = _fault_of(number)
        if fault == "null" and null_is_fine:
            usable[key] = None
            continue
        if fault:
            faults.append((f"{prefix}{key}", fault))
        if fault in (None, "rounded"):
            usable[key] = float(number)
    return usable


def _fault_of(value: object) -> str | None:
    """What is wrong with a value, one of FAULTS; NaN stands for null."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "text"
        case int():
            try:
                return None if int(float(value)) == value else "rounded"
            except OverflowError:
                return "out_of_range"
        case float():
            if math.isnan(value):
                return "null"
            return None if math.isfinite(value) else "out_of_range"
    return "nested"
