"""One parameter in a flow: what watches it, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connectors.decode.rows import SEQUENCE
from connectors.errors import SettingsError
from connectors.files.parameters import Definitions, ParameterDefinition
from connectors.messages.findings import Severity, anomaly_id
from connectors.messages.samples import ParameterName
from connectors.settings import variable
from dataflows.detectors.limits import Limits
from dataflows.detectors.registry import BY_DEFAULT
from dataflows.state.arrival_clock import NEWEST
from dataflows.verdicts.bank import DetectorBank
from dataflows.verdicts.build import build_staleness, build_watch
from dataflows.verdicts.staleness import Staleness
from dataflows.verdicts.watch import ParameterWatch

# Packets are counted, not measured: what learns has nothing to learn from that.
SEQUENCE_DETECTORS: Mapping[str, Mapping[str, object]] = {
    name: {"enabled": False} for name in BY_DEFAULT
}


@dataclass(slots=True)
class Watched:
    """A parameter and what watches it; `staleness` where silence is to be told.

    `bank` and `row` say where its detectors are, if not by themselves.
    """

    name: ParameterName
    watch: ParameterWatch
    staleness: Staleness | None
    bank: DetectorBank | None = None
    row: int = -1

    @property
    def key(self) -> bytes:
        """What it is known by in snapshots."""
        return "/".join(self.name).encode()

    @property
    def newest_us(self) -> int:
        """The generation time of its newest sample, as its own clock has it."""
        return int(self.watch.clock[NEWEST])

    @property
    def open_since_us(self) -> int | None:
        """When the anomaly started that its samples are in."""
        current = self.watch.episodes.current
        return None if current is None else current.started_us

    @classmethod
    def afresh(cls, definition: ParameterDefinition) -> Watched:
        """The parameter with detectors that have learnt nothing.

        Raises SettingsError, naming file and parameter, for settings that do not fit.
        """
        name, settings = definition.name, definition.detectors
        if name.parameter == SEQUENCE:
            settings = {**SEQUENCE_DETECTORS, **settings}
        try:
            limits = Limits(*definition.soft, *definition.hard)
            watch, staleness = build_watch(limits, settings), build_staleness(settings)
        except ValueError as error:
            place = definition.place(getattr(error, "where", ""))
            problem = f"{place}: {name}: {error}"
            raise SettingsError(variable("parameters"), problem) from None
        return cls(name, watch, staleness)

    def in_progress(self) -> Iterator[tuple[str, str]]:
        """Yields the ids and severities of its anomalies that go on, as told last."""
        if current := self.watch.episodes.current:
            severity = Severity(current.told_severity)
            yield anomaly_id(self.name, current.started_us), severity.name
        if self.staleness and (since_us := self.staleness.stale_since_us) is not None:
            series = self.staleness.name
            yield anomaly_id(self.name, since_us, series), Staleness.severity.name


def check_definitions(definitions: Definitions) -> None:
    """Raises SettingsError for the first definition that makes no detectors."""
    for definition in definitions:
        Watched.afresh(definition)
