"""The parts of pages that follow from the code, by the name in their markers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.docs.parts.alerts import alerts
from tests.docs.parts.dashboards import dashboards
from tests.docs.parts.detectors import detector_settings, detectors_table, severities
from tests.docs.parts.messages import anomaly_message, faults, refusals
from tests.docs.parts.metrics import metrics_table
from tests.docs.parts.relations import relations
from tests.docs.parts.scores import launch_scores, orbit_scores, scores
from tests.docs.parts.settings import settings_table
from tests.docs.parts.systems import flow_module, systems_table, topics_table

GENERATED: Mapping[str, Callable[[], str]] = {
    "systems": systems_table,
    "topics": topics_table,
    "flow module": flow_module,
    "detectors": detectors_table,
    "detector settings": detector_settings,
    "severities": severities,
    "settings": settings_table,
    "scores": scores,
    "launch scores": launch_scores,
    "orbit scores": orbit_scores,
    "metrics": metrics_table,
    "alerts": alerts,
    "dashboards": dashboards,
    "refusals": refusals,
    "faults": faults,
    "anomaly message": anomaly_message,
}
FROM_A_DATABASE: Mapping[str, Callable[[str], str]] = {"relations": relations}
"""What is read from a database that has all migrations, by its address."""


def rewritten(text: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """A page with those parts of it made anew that it has."""
    for name, generate in parts.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        before, found, rest = text.partition(begin)
        if found:
            text = f"{before}{begin}{generate()}\n{end}{rest.partition(end)[2]}"
    return text
