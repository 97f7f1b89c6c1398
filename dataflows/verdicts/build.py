"""Builds what watches a parameter from settings as found in a configuration file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from dataflows.detectors.limits import Limits
from dataflows.detectors.registry import BY_DEFAULT, DETECTORS, DRIFT_DETECTORS
from dataflows.detectors.setting_rules import SettingProblem, check, refuse_unknown
from dataflows.verdicts.detector_panel import Panel
from dataflows.verdicts.episodes import Episodes
from dataflows.verdicts.staleness import Staleness
from dataflows.verdicts.watch import ParameterWatch

__all__ = [
    "LARGEST_STATE_BYTES",
    "build_staleness",
    "build_watch",
]

Settings: TypeAlias = Mapping[str, Mapping[str, object] | None]

OTHERS = (Limits, Panel, Episodes, Staleness)

LARGEST_STATE_BYTES = 64 * 1024
"""What a parameter may take in a snapshot: there are thousands of them."""


def build_watch(limits: Limits | None, settings: Settings) -> ParameterWatch:
    """Return the watch of a parameter; what is not set has its default.

    Keys are names of detectors, and `limits`, `votes`, `episodes`, `staleness`. A
    detector that has settings (`{}` will do) is used, unless they say `enabled: false`;
    of the others, those that are used by default. ValueError names what is wrong and
    lists what is known.

    >>> watch = build_watch(None, {"rolling_z_score": {"threshold": 6}})
    >>> [detector.name for detector in watch.panel.detectors]
    ['limits', 'record_envelope', 'rolling_z_score']
    """
    others = [kind.name for kind in OTHERS]
    refuse_unknown("detector {!r}", settings, [*DETECTORS, *DRIFT_DETECTORS, *others])
    build_staleness(settings)
    votes = _checked(Panel, settings)
    watch = ParameterWatch(
        list(_used(DETECTORS, settings)),
        _limits(limits or Limits(), settings),
        Episodes(**_checked(Episodes, settings)),
        list(_used(DRIFT_DETECTORS, settings)),
        votes_needed=votes.get("needed", 1),
    )
    needed = len(watch.snapshot()) if settings else 0
    if needed > LARGEST_STATE_BYTES:
        raise ValueError(
            f"the detectors of a parameter would keep {needed} bytes, more than "
            f"{LARGEST_STATE_BYTES}: use smaller windows, or fewer or lower trees"
        )
    return watch


def build_staleness(settings: Settings) -> Staleness | None:
    """Return what tells that a parameter stopped arriving, if that was asked for.

    >>> build_staleness({}) is None
    True
    """
    kinds = {Staleness.name: Staleness}
    return next(iter(_used(kinds, settings)), None)


def _limits(limits: Limits, settings: Settings) -> Limits:
    """Return the same limits, raised and cleared as the settings say."""
    section = _section(settings, Limits.name)
    edges = ("soft_low", "soft_high", "hard_low", "hard_high")
    rules = {key: rule for key, rule in Limits.rules.items() if key not in edges}
    check(Limits.name, rules, section)
    return Limits(*(getattr(limits, edge) for edge in edges), **section)


def _used(kinds: Mapping[str, type[Any]], settings: Settings) -> Iterable[Any]:
    for name, kind in kinds.items():
        if name not in settings and name not in BY_DEFAULT:
            continue
        section = _section(settings, name)
        enabled = section.pop("enabled", True)
        if not isinstance(enabled, bool):
            where = f"{name}.enabled"
            problem = f"{where} must be true or false, not {enabled!r}"
            raise SettingProblem(where, problem)
        check(name, kind.rules, section)
        if enabled:
            yield kind(**section)


def _checked(kind: type[Any], settings: Settings) -> dict[str, Any]:
    section = _section(settings, kind.name)
    check(kind.name, kind.rules, section)
    return section


def _section(settings: Settings, name: str) -> dict[str, Any]:
    section = settings.get(name)
    if section is None:
        return {}
    if not isinstance(section, Mapping):
        raise SettingProblem(name, f"{name} must be settings by name, not {section!r}")
    return dict(section)
