"""Spoils packets the way instruments fail, and says exactly what it spoiled.

    noise    values scatter by several times their usual spread
    spike    one to three values far out
    dropout  nothing is acquired: null
    rail     the instrument is stuck at the end of its range
    stuck    the value before is repeated
    drift    the value runs away, then is as before at once
    zero     0 is shown, where the value is far from it

A plan says which of these there are. Each takes a bounded number of samples of one
parameter, never two at a time, and only after a warm-up, so that detectors know the
parameter. Sizes are in units of the parameter's own recent standard deviation, unless
the plan gives another.
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

import msgspec

from connectors.messages.samples import ParameterName
from connectors.messages.wire import Packet
from connectors.recordings.truth import Injected

RECENT_SAMPLES = 600
# What varies less is a state or a counter at rest: stuck, it would look as ever.
FEWEST_DISTINCT_VALUES = 20


@dataclass(frozen=True, slots=True)
class Kind:
    """How long a fault of this kind lasts, and how large it is, both [low, high]."""

    samples: tuple[int, int]
    sizes: tuple[float, float] = (0, 0)


KINDS: Mapping[str, Kind] = {
    "noise": Kind((60, 180), (4, 7)),
    "spike": Kind((1, 3), (12, 18)),
    "dropout": Kind((20, 80)),
    "rail": Kind((20, 80), (7, 10)),
    "stuck": Kind((60, 200)),
    "drift": Kind((120, 300), (8, 12)),
}


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """When faults come, in samples of one parameter.

    None come in the warm-up, nor in the rest after a fault; then one comes after
    `mean_gap_samples` on average. `spreads` are the only parameters that are spoiled,
    each with the unit of its faults' sizes; None for all.
    """

    warm_up_samples: int = 1000
    mean_gap_samples: int = 8000
    rest_samples: int = 500
    kinds: Mapping[str, Kind] = field(default_factory=lambda: KINDS)
    spreads: Mapping[str, float] | None = None

    def spread(self, parameter: str, recent: deque[float]) -> float:
        """The unit of a parameter's faults."""
        return _spread(recent) if self.spreads is None else self.spreads[parameter]


@dataclass(slots=True)
class _Fault:
    """A fault in progress; `target` is the value a rail or a stuck instrument shows."""

    kind: str
    samples: int
    size: float
    target: float
    started_at: datetime
    ended_at: datetime
    done: int = 0


@dataclass(slots=True)
class _Watched:
    """What is remembered of a parameter."""

    random: Random
    wait_samples: int
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT_SAMPLES))
    fault: _Fault | None = None


class FaultInjector:
    """Spoils packets one by one; `record` gets each fault once it is over.

    What befalls a parameter follows from `seed` and the parameter's name alone.
    """

    def __init__(
        self,
        seed: int,
        record: Callable[[Injected], None],
        plan: FaultPlan = FaultPlan(),
    ) -> None:
        self._seed = seed
        self._record = record
        self._plan = plan
        self._watched: dict[ParameterName, _Watched] = {}

    def spoil(self, packet: Packet) -> Packet:
        """The packet as the ground gets it; the one given is not changed."""
        spoiled: dict[str, float | None] = {}
        for parameter, value in packet.values.items():
            if value is None or not self._spoils(parameter):
                continue
            name = ParameterName(packet.spacecraft, packet.subsystem or "", parameter)
            watched = self._watched.get(name) or self._watch(name)
            if watched.fault is None:
                watched.wait_samples -= 1
                if watched.wait_samples < 0:
                    self._begin(parameter, watched, packet.generation_time)
            if watched.fault is None:
                watched.recent.append(value)
            else:
                spoiled[parameter] = self._next(name, watched, value, packet)
        if not spoiled:
            return packet
        return msgspec.structs.replace(packet, values={**packet.values, **spoiled})

    def finish(self) -> None:
        """Records the faults that the end of the packets cut short."""
        for name, watched in self._watched.items():
            self._end(name, watched)

    def _watch(self, name: ParameterName) -> _Watched:
        watched = _Watched(Random(f"{self._seed}{name}"), 0)  # noqa: S311 - a simulation
        watched.wait_samples = self._plan.warm_up_samples + self._gap(watched.random)
        self._watched[name] = watched
        return watched

    def _spoils(self, parameter: str) -> bool:
        return self._plan.spreads is None or parameter in self._plan.spreads

    def _begin(self, parameter: str, watched: _Watched, at: datetime) -> None:
        random, recent = watched.random, watched.recent
        if not recent:
            return
        spread = self._plan.spread(parameter, recent)
        kinds = [
            kind
            for kind, how in self._plan.kinds.items()
            if _shows(kind, how, recent, spread)
        ]
        kind = random.choice(kinds)
        how = self._plan.kinds[kind]
        size = random.uniform(*how.sizes) * random.choice((-1, 1)) * spread
        edge = max(recent) if size > 0 else min(recent)
        target = recent[-1] if kind == "stuck" else edge + size
        if not math.isfinite(size) or not math.isfinite(target):
            return
        watched.fault = _Fault(kind, random.randint(*how.samples), size, target, at, at)

    def _gap(self, random: Random) -> int:
        return int(random.expovariate(1 / self._plan.mean_gap_samples))

    def _next(
        self, name: ParameterName, watched: _Watched, value: float, packet: Packet
    ) -> float | None:
        fault = watched.fault
        if fault is None:
            return value
        shown = _shown(fault, value, watched.random)
        fault.ended_at = packet.generation_time
        fault.done += 1
        if fault.done == fault.samples:
            self._end(name, watched)
        return shown

    def _end(self, name: ParameterName, watched: _Watched) -> None:
        fault, watched.fault = watched.fault, None
        if fault is None:
            return
        watched.wait_samples = self._plan.rest_samples + self._gap(watched.random)
        self._record(Injected(name, fault.kind, fault.started_at, fault.ended_at))


def inject(packets: Iterator[Packet], injector: FaultInjector) -> Iterator[Packet]:
    """The packets as the ground gets them; closing it records what was under way."""
    try:
        for packet in packets:
            yield injector.spoil(packet)
    finally:
        injector.finish()


def _shown(fault: _Fault, value: float, random: Random) -> float | None:
    """What the ground sees instead of `value`."""
    match fault.kind:
        case "dropout":
            return None
        case "zero":
            return 0.0
        case "rail" | "stuck":
            return fault.target
        case "noise":
            shown = value + random.gauss(0, abs(fault.size))
        case "drift":
            shown = value + fault.size * (fault.done + 1) / fault.samples
        case _:
            shown = value + fault.size
    return shown if math.isfinite(shown) else value


def _shows(kind: str, how: Kind, recent: deque[float], spread: float) -> bool:
    """Whether a fault of this kind would look unlike the value as it is."""
    match kind:
        case "stuck":
            return _varies(recent)
        case "zero":
            return abs(recent[-1]) > how.sizes[0] * spread
    return True


def _varies(recent: deque[float]) -> bool:
    latest = list(recent)[-4 * FEWEST_DISTINCT_VALUES :]
    return len(set(latest)) >= FEWEST_DISTINCT_VALUES


def _spread(recent: deque[float]) -> float:
    """The standard deviation; for a constant a tenth of its value, or 1."""
    try:
        deviation = statistics.pstdev(recent)
    except OverflowError:
        return math.inf
    return deviation or abs(recent[-1]) / 10 or 1.0
