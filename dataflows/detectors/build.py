"""Builds the watch of a parameter from settings as found in a configuration file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataflows.detectors import Detector
from dataflows.detectors.episodes import Episodes
from dataflows.detectors.half_space_trees import HalfSpaceTrees
from dataflows.detectors.limits import Limits
from dataflows.detectors.rolling_z_score import RollingZScore
from dataflows.detectors.settings import check, refuse_unknown
from dataflows.detectors.watch import ParameterWatch

__all__ = ["DETECTORS", "LARGEST_STATE_BYTES", "build_watch"]

DETECTORS: Mapping[str, type[RollingZScore] | type[HalfSpaceTrees]] = {
    kind.name: kind for kind in (RollingZScore, HalfSpaceTrees)
}

LARGEST_STATE_BYTES = 32 * 1024
"""What a parameter may take in a snapshot: there are thousands of them."""


def build_watch(
    limits: Limits | None, settings: Mapping[str, Mapping[str, object] | None]
) -> ParameterWatch:
    """Return the watch of a parameter; what is not set has its default.

    Keys are names of detectors, and `episodes`; `enabled: false` leaves a detector
    out. ValueError names what is wrong and lists what is known.

    >>> watch = build_watch(None, {"half_space_trees": {"enabled": False}})
    >>> [detector.name for detector in watch.detectors]
    ['rolling_z_score']
    """
    refuse_unknown("detector {!r}", settings, [*DETECTORS, Episodes.name])
    detectors = [_detector(name, _section(settings, name)) for name in DETECTORS]
    episodes = _section(settings, Episodes.name)
    check(Episodes.name, Episodes.rules, episodes)
    watch = ParameterWatch(
        [detector for detector in detectors if detector is not None],
        limits,
        Episodes(**episodes),
    )
    _refuse_if_large(watch)
    return watch


def _refuse_if_large(watch: ParameterWatch) -> None:
    needed = len(watch.snapshot())
    if needed > LARGEST_STATE_BYTES:
        raise ValueError(
            f"the detectors of a parameter would keep {needed} bytes, more than "
            f"{LARGEST_STATE_BYTES}: use smaller windows, or fewer or lower trees"
        )


def _section(
    settings: Mapping[str, Mapping[str, object] | None], name: str
) -> dict[str, Any]:
    section = settings.get(name)
    if section is None:
        return {}
    if not isinstance(section, Mapping):
        raise ValueError(f"{name} must be settings by name, not {section!r}")
    return dict(section)


def _detector(name: str, section: dict[str, Any]) -> Detector | None:
    enabled = section.pop("enabled", True)
    if not isinstance(enabled, bool):
        raise ValueError(f"{name}.enabled must be true or false, not {enabled!r}")
    check(name, DETECTORS[name].rules, section)
    return DETECTORS[name](**section) if enabled else None
