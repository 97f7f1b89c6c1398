"""The parts of the READMEs that follow from the code; `make readme` rewrites them."""

import inspect
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml
from bytewax.testing import TestingSink, TestingSource
from bytewax.visualize import to_mermaid
from prometheus_client import CollectorRegistry

from connectors.files.parameters import Definitions
from connectors.metrics import FlowMetrics
from connectors.settings import Settings, variable
from connectors.systems import SYSTEMS
from connectors.topics import TELEMETRY_OF
from dataflows import spacecraft
from dataflows.detectors.limits import Limits
from dataflows.verdicts.build import DETECTORS, DRIFT_DETECTORS, OTHERS
from dataflows.verdicts.staleness import Staleness
from dataflows.wiring import build
from provisioning.grafana.dashboards import build_all

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PARAMETERS_README = ROOT / "provisioning" / "parameters" / "README.md"
SCORES = ROOT / "provisioning" / "scores.yaml"
TRACKING_SCORES = ROOT / "provisioning" / "tracking_scores.yaml"
# Given as `soft` and `hard`, not among the settings.
EDGES = ("soft_low", "soft_high", "hard_low", "hard_high")


def diagram() -> str:
    """The `spacecraft` flow as a Mermaid diagram."""
    flow = build(
        spacecraft.NAME,
        TestingSource([]),
        TestingSink([]),
        TestingSink([]),
        TestingSink([]),
        Definitions(),
        FlowMetrics(CollectorRegistry()),
    )
    return f"```mermaid\n{to_mermaid(flow).strip()}\n```"


def systems_table() -> str:
    """Every system: what it does, its telemetry, how to play it, where to see it."""
    boards = build_all()
    rows = [
        "| system | what it does | topic | simulator | in `make demo` | dashboards |",
        "|---|---|---|---|---|---|",
    ]
    for system in SYSTEMS:
        topic = TELEMETRY_OF.get(system.stem)
        cells = (
            f"`{system.stem}`",
            system.about,
            "none of its own" if topic is None else f"`{topic.name}`",
            f"`python -m simulators {system.command}`" if system.command else "",
            system.demo or "",
            ", ".join(boards[uid].title or uid for uid in system.dashboards),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def settings_table() -> str:
    """Every setting with its default and meaning."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for item in fields(Settings):
        if item.metadata:
            default, meaning = item.metadata["default"], item.metadata["meaning"]
            shown = f"`{default}`" if default else ""
            rows.append(f"| `{variable(item.name)}` | {shown} | {meaning} |")
    return "\n".join(rows)


def detectors_table() -> str:
    """Every detector in a line."""
    kinds: list[Any] = [
        Limits,
        *DETECTORS.values(),
        *DRIFT_DETECTORS.values(),
        Staleness,
    ]
    rows = [f"| `{kind.name}` | {_summary(kind)} |" for kind in kinds]
    return "\n".join(["| detector | what it does |", "|---|---|", *rows])


def detector_settings() -> str:
    """Every detector with its settings, their defaults and meaning."""
    kinds: list[Any] = [*DETECTORS.values(), *DRIFT_DETECTORS.values(), *OTHERS]
    return "\n\n".join(map(_section, sorted(kinds, key=lambda kind: str(kind.name))))


def scores() -> str:
    """The accepted figures of the default detectors, in words."""
    accepted = yaml.safe_load(SCORES.read_text())
    figures = {name: one["accepted"] for name, one in accepted["figures"].items()}
    return (
        f"On {accepted['channels']} channels of NASA's SMAP and MSL spacecraft with "
        f"{accepted['labels']} labelled\nanomalies, watched as a stream with the same "
        f"settings for all and no labels seen: precision\n{figures['precision']:.2f}, "
        f"recall {figures['recall']:.2f}, F0.5 {figures['f05']:.2f}, and "
        f"{figures['f05c']:.2f} when corrected for the "
        f"{figures['nominal_in_alarm']:.1%} of nominal time\nspent in alarm; half of "
        f"the hits came within {figures['delay_median_samples']:.0f} samples. The "
        "settings were chosen with these\nchannels in view, so expect somewhat less "
        "elsewhere."
    )


def tracking_scores() -> str:
    """The accepted figures of trackers, in words."""
    accepted = yaml.safe_load(TRACKING_SCORES.read_text())
    figures = {name: one["accepted"] for name, one in accepted["figures"].items()}
    return (
        f"On {accepted['launches']} recorded launches, each figure that of the worse "
        f"one: acceleration within {figures['acceleration_error']:.1%}\nRMS of an "
        "analysis by others outside staging; engine events and apogee within "
        f"{figures['event_error_s']:.1f} s;\n10 s ahead in powered flight, altitude "
        f"within {figures['altitude_in_10_s_error']:.1%} and velocity within "
        f"{figures['velocity_in_10_s_error']:.1%} RMS. Of planted faults\n"
        f"{figures['spike_found']:.0%} of spikes, {figures['dropout_found']:.0%} of "
        f"dropouts, {figures['zero_found']:.0%} of zeros and "
        f"{figures['stuck_found']:.0%} of stuck values were found; the clean\nflight "
        f"gave {_times(figures['clean_alarms'])} at most. An altitude that is "
        "stuck where it hardly changes\nis hard to tell. The limits were set with "
        "these launches in view.\n\n"
        f"All {accepted['positions']} recorded positions of the ISS give the speeds, "
        f"distances and phases recorded with them\n(within "
        f"{1e3 * figures['distance_error_km']:.0f} m), and are within "
        f"{figures['from_elements_km']:.0f} km of where its orbital elements say, "
        "as they come with whole\nseconds and it moves 7.4 km in one. "
        "Without elements, where it is in ten minutes is told within\n"
        f"{figures['in_10_min_largest_km']:.1f} km of SGP4, on a day of positions that "
        "SGP4 gave."
    )


def _times(alarms: float) -> str:
    return {0.0: "no alarm", 1.0: "one alarm"}.get(alarms, f"{alarms:.0f} alarms")


def _section(kind: Any) -> str:
    text = [f"## {kind.name}", "", _prose(kind), ""]
    defaults = inspect.signature(kind).parameters
    meanings = _arguments_of(kind)
    settings = [key for key in kind.rules if key not in EDGES]
    text += ["| setting | default | meaning |", "|---|---|---|"]
    for setting in settings:
        default = _shown(defaults[setting].default)
        text.append(f"| `{setting}` | {default} | {meanings[setting]} |")
    return "\n".join(text)


def _prose(kind: type) -> str:
    """What a class's docstring says before its arguments."""
    return (inspect.getdoc(kind) or "").partition("\n\nArgs:")[0].strip()


def _summary(kind: type) -> str:
    return " ".join(_prose(kind).partition("\n\n")[0].split())


def _shown(default: object) -> str:
    if default is None:
        return "null"
    return str(default).lower() if isinstance(default, bool) else str(default)


def _arguments_of(kind: type) -> dict[str, str]:
    """What a class's docstring says of its arguments."""
    text = inspect.getdoc(kind) or ""
    section = re.split(r"\n\n", text.partition("Args:\n")[2])[0]
    found = re.findall(r"^    (\w+): (.*(?:\n {6,}.*)*)", section, re.M)
    return {name: " ".join(meaning.split()).rstrip(".") for name, meaning in found}


GENERATED = {
    "diagram": diagram,
    "systems": systems_table,
    "detectors": detectors_table,
    "settings": settings_table,
    "all": detector_settings,
    "scores": scores,
    "tracking scores": tracking_scores,
}


def part(name: str, text: str) -> str:
    """What stands between two markers."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    return text.partition(begin)[2].partition(end)[0]


def rewritten(text: str) -> str:
    """The README with its generated parts made anew."""
    for name, generate in GENERATED.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        before, found, rest = text.partition(begin)
        if not found:
            continue
        text = f"{before}{begin}{generate()}\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    for path in (README, PARAMETERS_README):
        path.write_text(rewritten(path.read_text()))
