"""The parts of the benchmark, by the names they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.benchmarks import (
    comparison,
    detectors,
    latency,
    outage,
    parameters,
    scaling,
    soak,
    systems,
    throughput,
)
from tests.benchmarks.figures import Findings, Plan
from tests.benchmarks.stage import Stage


@dataclass(frozen=True, slots=True)
class Part:
    """Something that is measured; `by_default` also where nobody asks for it."""

    about: str
    measure: Callable[[Stage, Plan], Findings]
    by_default: bool = True


PARTS: Mapping[str, Part] = {
    "throughput": Part("samples a second, and the ceilings", throughput.measure),
    "comparison": Part("the same job done by others", comparison.measure),
    "latency": Part("milliseconds from produce to the committed row", latency.measure),
    "parameters": Part("memory, cost and pauses by parameters", parameters.measure),
    "outage": Part("memory when the database is away", outage.measure),
    "soak": Part("memory over ten minutes", soak.measure, by_default=False),
    "scaling": Part("one process and two", scaling.measure),
    "systems": Part("launches, satellites and the archive", systems.measure),
    "detectors": Part(
        "time a sample, by detector; no server needed", detectors.measure
    ),
}
BY_DEFAULT = tuple(name for name, part in PARTS.items() if part.by_default)
