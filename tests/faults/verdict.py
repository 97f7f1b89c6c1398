"""Whether anything was lost, doubled or judged in another way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from tests.faults.stored import Stored
from tests.faults.telemetry import Sample

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that must not be, how often, and examples."""

    what: str
    count: int
    examples: tuple[object, ...] = ()

    def __str__(self) -> str:
        shown = "".join(f"\n      {example}" for example in self.examples)
        return f"{self.count} {self.what}{shown}"


def presence(
    place: str, expected: Iterable[Sample], found: Counter[Sample]
) -> Iterator[Fault]:
    """What is missing in a place, there twice, or was never sent."""
    wanted = Counter(expected)
    missing = wanted - found
    doubled = Counter({one: n for one, n in found.items() if n > max(wanted[one], 1)})
    unknown = [one for one in found if one not in wanted]
    yield from _fault(f"samples lost in the {place}", missing)
    yield from _fault(f"samples doubled in the {place}", doubled)
    yield from _fault(f"samples that nobody sent in the {place}", unknown)


def judgement(
    disturbed: Stored, undisturbed: Stored, judged_anew: Set[Sample] = frozenset()
) -> Iterator[Fault]:
    """Where scores and findings differ from those of the undisturbed run.

    Not of the samples in `judged_anew`; and with any of these, no findings.
    """
    samples = disturbed.samples.keys() & undisturbed.samples.keys()
    samples -= judged_anew
    different: list[object] = [
        (sample, disturbed.samples[sample], undisturbed.samples[sample])
        for sample in sorted(samples, key=lambda one: one.time_us)
        if disturbed.samples[sample] != undisturbed.samples[sample]
    ]
    yield from _fault("samples with another score or severity", different)
    if not judged_anew:
        for what, ours, theirs in (
            ("anomalies", disturbed.anomalies, undisturbed.anomalies),
            ("expected ranges", disturbed.expected, undisturbed.expected),
        ):
            yield from _fault(f"{what} that the undisturbed run lacks", ours - theirs)
            yield from _fault(f"{what} of the undisturbed run only", theirs - ours)


def telling(stored: Stored, told: Mapping[str, int]) -> Iterator[Fault]:
    """Anomalies whose last revision, as stored, is not the last that was told."""
    differ: list[object] = [
        (anomaly, revision, told.get(anomaly))
        for anomaly, revision in sorted(stored.revisions.items())
        if told.get(anomaly) != revision
    ]
    yield from _fault("anomalies told otherwise than stored", differ)


def _fault(
    what: str,
    found: Counter[Sample] | list[Sample] | set[tuple[object, ...]] | list[object],
) -> Iterator[Fault]:
    if found:
        yield Fault(what, len(found), tuple(sorted(found, key=str)[:EXAMPLES]))
