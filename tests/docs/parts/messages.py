"""What a flow sends to topics: of an anomaly, and why a packet is refused."""

from __future__ import annotations

import json

import numpy as np

from connectors.decode.refusals import FAULTS, REASONS
from connectors.files.parameters import ParameterDefinition
from connectors.messages.findings import Anomaly
from connectors.messages.samples import ParameterName
from connectors.messages.times import microseconds
from connectors.messages.wire import encode_anomaly
from dataflows.parameters.watched import Watched
from simulators.timing import DEFAULT_START
from tests.docs.parts.tables import table


def refusals() -> str:
    """The reasons for which a message is refused."""
    return table(
        ("reason", "meaning"),
        ((f"`{reason}`", meaning) for reason, meaning in REASONS.items()),
    )


def faults() -> str:
    """What may be wrong with a value of a packet that is used."""
    return table(
        ("reason", "the value is"),
        ((f"`{reason}`", meaning) for reason, meaning in FAULTS.items()),
    )


def anomaly_message() -> str:
    """What is told when a battery's voltage leaves its soft limits."""
    name = ParameterName("ORBITER-1", "power", "battery_voltage")
    watched = Watched.afresh(ParameterDefinition(name, "V", soft=(28.5, 32.0)))
    times_us = microseconds(DEFAULT_START) + np.arange(3) * 10_000_000
    verdict = watched.watch.update(times_us, np.array([30.1, 30.2, 33.0]))
    (change,) = verdict.changes
    told = encode_anomaly(Anomaly.of(name, change))
    message = json.dumps(json.loads(told), indent=2)
    return f"```json\n{message}\n```"
