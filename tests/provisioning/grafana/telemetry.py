"""Telemetry of a spacecraft, satellites and a launch, with faults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from confluent_kafka import Producer

from connectors import topics
from connectors.files.orbital_elements import OrbitalElements, read_elements
from connectors.messages.wire import Packet, encode_packet
from connectors.settings import Settings
from simulators.iss_tracking.packets import constellation, tracked_packets
from simulators.rocket_launch.packets import Launches, simulated_packets
from simulators.spacecraft.packets import SUBSYSTEMS, synthetic_packets
from simulators.timing import Timing

SYSTEMS = ("spacecraft", "iss_tracking", "rocket_launch")
INTERVAL_S, SAMPLES = 10.0, 1800
SATELLITES = 3
# Revolutions a day that satellites do beyond what their orbital elements say.
SPEED_UP = 0.0003
FLIGHT_S, HZ = 300, 30
# A velocity that cannot be, once.
SPIKE_AT, SPIKE_M_S = 100 * HZ, 400.0
# Sample numbers. Two parameters are spoilt at once, one to the end.
SPOILT = {
    "cpu_load": (range(420, 470), 83.0),
    "battery_voltage": (range(1200, 1212), 36.0),
    "bus_voltage": (range(1205, 1210), 24.0),
    "camera_temperature": (range(1560, 1600), 12.0),
    "tank_temperature": (range(1790, SAMPLES * 10), 55.0),
}
DIGITS = "0123456789-"
TROUBLE_EVERY = timedelta(minutes=1)
# From then on the bus has that much more.
DRIFT_FROM, DRIFT_V = 700, 0.06


@dataclass(frozen=True, slots=True)
class Times:
    """When the telemetry begins, and how long after that the launcher lifts off."""

    start: datetime
    until_liftoff: timedelta = timedelta(hours=1)

    @property
    def liftoff(self) -> datetime:
        """When the launcher lifts off."""
        return self.start + self.until_liftoff

    @property
    def end(self) -> datetime:
        """When all of it was sent."""
        return self.start + timedelta(seconds=SAMPLES * INTERVAL_S)


def elements_at(epoch: datetime, speed_up: float = 0) -> list[OrbitalElements]:
    """The orbital elements that flows know, as if they were of that epoch."""
    day = (epoch - datetime(epoch.year, 1, 1, tzinfo=UTC)) / timedelta(days=1) + 1
    found = []
    for known in read_elements(Settings().elements):
        motion = float(known.line2[52:63]) + speed_up
        line1 = _with(known.line1, 18, f"{epoch:%y}{day:012.8f}")
        line2 = _with(known.line2, 52, f"{motion:11.8f}")
        found.append(replace(known, line1=line1, line2=line2))
    return found


def _with(line: str, at: int, text: str) -> str:
    """A line of elements with another text in it, and the checksum of that."""
    changed = line[:at] + text + line[at + len(text) : 68]
    digits = (1 if one == "-" else int(one) for one in changed if one in DIGITS)
    return f"{changed}{sum(digits) % 10}"


class Telemetry:
    """Sends telemetry in order of its generation time, with some trouble between."""

    def __init__(self, kafka: str, times: Times) -> None:
        settings = {"bootstrap.servers": kafka, "enable.idempotence": True}
        self._producer = Producer(settings)
        self._waiting = [
            _Waiting(topics.SPACECRAFT.name, _spacecraft(times)),
            _Waiting(topics.ISS_TRACKING.name, _orbits(times)),
            _Waiting(topics.ROCKET_LAUNCH.name, _ascent(times)),
        ]
        self._trouble_at = times.start + TROUBLE_EVERY
        self.sent = 0

    def send_until(self, moment: datetime) -> None:
        """Sends what was generated before a moment, and has it arrive."""
        for one in self._waiting:
            for packet in one.until(moment):
                if packet.generation_time >= self._trouble_at:
                    self._send_trouble()
                    self._trouble_at += TROUBLE_EVERY
                self._send(one.topic, encode_packet(packet), packet.key)
        assert self._producer.flush(60) == 0

    def _send_trouble(self) -> None:
        """Sends rubbish, and a position again, too late to be tracked.

        Other packets come after it, as a flow stores no position for rubbish alone.
        """
        self._send(topics.SPACECRAFT.name, b"rubbish", "nobody")
        late = self._waiting[1].first
        self._send(topics.ISS_TRACKING.name, encode_packet(late), late.key)

    def _send(self, topic: str, value: bytes, key: str) -> None:
        self._producer.produce(topic, value, key)
        self._producer.poll(0)
        self.sent += 1


class _Waiting:
    """The packets of a topic that were not sent yet."""

    def __init__(self, topic: str, packets: Iterable[Packet]) -> None:
        self.topic = topic
        self._packets = iter(packets)
        self.first = next(self._packets)
        self._next: Packet | None = self.first

    def until(self, moment: datetime) -> Iterator[Packet]:
        while self._next is not None and self._next.generation_time < moment:
            yield self._next
            self._next = next(self._packets, None)


def _spacecraft(times: Times) -> Iterator[Packet]:
    packets = synthetic_packets(7, Timing(times.start, INTERVAL_S, SAMPLES))
    for number, packet in enumerate(packets):
        yield _spoilt(packet, number // SUBSYSTEMS)


def _orbits(times: Times) -> Iterator[Packet]:
    flown = elements_at(times.start, SPEED_UP)[:SATELLITES]
    timing = Timing(times.start, INTERVAL_S, SAMPLES)
    return tracked_packets(constellation(flown, SATELLITES, 0), timing)


def _ascent(times: Times) -> Iterator[Packet]:
    flight = simulated_packets(Launches(times.liftoff, 1, 3))
    for number, packet in enumerate(islice(flight, FLIGHT_S * HZ)):
        if number == SPIKE_AT:
            packet.values["velocity"] = (packet.values["velocity"] or 0.0) + SPIKE_M_S
        yield packet


def _spoilt(packet: Packet, number: int) -> Packet:
    values = dict(packet.values)
    if number >= DRIFT_FROM and (volts := values.get("bus_voltage")) is not None:
        values["bus_voltage"] = round(volts + DRIFT_V, 4)
    for name, (when, value) in SPOILT.items():
        if name in values and number in when:
            values[name] = value
    return Packet(
        spacecraft=packet.spacecraft,
        subsystem=packet.subsystem,
        generation_time=packet.generation_time,
        sequence=packet.sequence,
        values=values,
        context=packet.context,
    )
