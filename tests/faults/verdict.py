"""Whether anything was lost, doubled or judged in another way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from tests.faults.stored import Finding, Stored
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

    Not of the samples in `judged_anew`, nor of what was found from them on.
    """
    samples = (disturbed.samples.keys() & undisturbed.samples.keys()) - judged_anew
    different: list[object] = [
        (sample, disturbed.samples[sample], undisturbed.samples[sample])
        for sample in sorted(samples, key=lambda one: one.time_us)
        if disturbed.samples[sample] != undisturbed.samples[sample]
    ]
    yield from _fault("samples with another score or severity", different)
    ends_us = _ends_us(judged_anew)
    for what, ours, theirs in (
        ("anomalies", disturbed.anomalies, undisturbed.anomalies),
        ("expected ranges", disturbed.expected, undisturbed.expected),
    ):
        mine, others = _before(ends_us, ours), _before(ends_us, theirs)
        yield from _fault(f"{what} that the undisturbed run lacks", mine - others)
        yield from _fault(f"{what} of the undisturbed run only", others - mine)


def telling(
    stored: Stored, told: Mapping[str, int], judged_anew: Set[Sample] = frozenset()
) -> Iterator[Fault]:
    """Anomalies whose last revision, as stored, is not the last that was told."""
    differ = {
        finding
        for finding in _before(_ends_us(judged_anew), stored.revisions)
        if told.get(str(finding.what[0])) != finding.what[1]
    }
    yield from _fault("anomalies told otherwise than stored", differ)


def _ends_us(judged_anew: Set[Sample]) -> dict[str, int]:
    """By parameter: from when on findings need not be the same."""
    ends_us: dict[str, int] = {}
    for sample in judged_anew:
        earliest_us = ends_us.get(sample.parameter, sample.time_us)
        ends_us[sample.parameter] = min(earliest_us, sample.time_us)
    return ends_us


def _before(ends_us: Mapping[str, int], findings: Set[Finding]) -> set[Finding]:
    """What was over by then; of a parameter without an end, everything."""
    return {
        finding
        for finding in findings
        if (end_us := ends_us.get(finding.parameter)) is None
        or (finding.until_us is not None and finding.until_us < end_us)
    }


def _fault(what: str, found: Collection[object]) -> Iterator[Fault]:
    if found:
        yield Fault(what, len(found), tuple(sorted(found, key=str)[:EXAMPLES]))
