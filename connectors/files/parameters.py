"""Definitions of parameters, read from YAML: units, limits, detector settings.

One file describes (some of) the parameters of one spacecraft:

    spacecraft: ORBITER-1
    detectors:                      # for all parameters of this file
      rolling_z_score: {threshold: 5}
    parameters:
      battery_voltage:
        subsystem: power
        unit: V
        soft: [26.0, 33.0]          # [low, high], either may be null
        hard: [24.0, 34.0]
        detectors:                  # for this parameter, on top of the above
          half_space_trees: {enabled: false}

With `spacecraft: "*"` it describes those of every spacecraft that no other file does.
Parameters of one name in two subsystems take a file for each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from connectors.errors import SettingsError, one_line
from connectors.files.parameter_entries import Band, read_entries
from connectors.files.plain_yaml import YamlProblem
from connectors.messages.samples import REPLAYED, ParameterName
from connectors.settings import variable

__all__ = ["Band", "Definitions", "DetectorSet", "ParameterDefinition"]
__all__ += ["read_definitions", "read_detector_set", "read_files", "yaml_files"]

EVERY = "*"


@dataclass(frozen=True, slots=True)
class ParameterDefinition:
    """What is known of a parameter beforehand; the defaults know nothing.

    `soft` and `hard` are [low, high] limits in `unit`; `detectors` maps a detector's
    name to its settings; `source` is the file it comes from. `lines` has the line of
    it (under ""), of its detectors and of their settings (`rolling_z_score.threshold`).
    """

    name: ParameterName
    unit: str = ""
    soft: Band = (None, None)
    hard: Band = (None, None)
    detectors: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    source: str = ""
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)

    def place(self, of: str = "") -> str:
        """The file and the line of it, or of one of its settings."""
        line = self.lines.get(of) or self.lines.get(of.partition(".")[0])
        line = line or self.lines.get("")
        return f"{self.source}:{line}" if line else self.source


class Definitions:
    """All definitions, found by name; what nobody described gets the defaults."""

    def __init__(self, definitions: Iterable[ParameterDefinition] = ()) -> None:
        self._by_name: dict[ParameterName, ParameterDefinition] = {}
        self._without_subsystem: dict[ParameterName, ParameterName | None] = {}
        for definition in definitions:
            name = definition.name
            if name in self._by_name:
                before = self._by_name[name].place()
                problem = f"{name} is described twice (before in {before})"
                raise _wrong(definition.place(), problem)
            self._by_name[name] = definition
            bare = name._replace(subsystem="")
            unique = bare not in self._without_subsystem
            self._without_subsystem[bare] = name if unique else None

    def __iter__(self) -> Iterator[ParameterDefinition]:
        return iter(self._by_name.values())

    def __contains__(self, name: ParameterName) -> bool:
        """Whether this parameter was described, and not just every spacecraft's."""
        return name in self._by_name

    def of(self, name: ParameterName) -> ParameterDefinition:
        """The definition of a parameter, described or not."""
        if found := self._by_name.get(name):
            return found
        for known in (_original(name), name._replace(spacecraft=EVERY)):
            if found := self._by_name.get(known):
                return replace(found, name=name)
        return ParameterDefinition(name)

    def unit_of(self, name: ParameterName) -> str:
        """The unit of a parameter; empty where nobody told."""
        return self.of(name).unit

    def identify(self, name: ParameterName) -> ParameterName:
        """The name with its subsystem filled in, where a packet left it out.

        It stays out where several subsystems have a parameter of that name.
        """
        if name.subsystem:
            return name
        found = self._without_subsystem.get(_original(name))
        return name._replace(subsystem=found.subsystem) if found else name


def _original(name: ParameterName) -> ParameterName:
    """The name without the mark of a replay."""
    return name._replace(spacecraft=name.spacecraft.removeprefix(REPLAYED))


def read_definitions(folder: Path) -> Definitions:
    """The definitions in all YAML files of a folder.

    Raises SettingsError, naming file and line, for what is not as described above.
    """
    if not folder.is_dir():
        raise SettingsError(variable("parameters"), f"there is no folder {folder}")
    return read_files(yaml_files(folder))


def yaml_files(folder: Path) -> list[Path]:
    """The files of a folder that describe parameters."""
    return sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])


def read_files(files: Iterable[Path]) -> Definitions:
    """The definitions in these files; raises SettingsError as `read_definitions`."""
    return Definitions(
        definition for file in files for definition in _definitions_in(file)
    )


def _definitions_in(file: Path) -> list[ParameterDefinition]:
    try:
        _, definitions = _described(file, ("spacecraft", "parameters"))
        return definitions
    except YamlProblem as error:
        raise _wrong(f"{file}:{error.line}", one_line(error.problem)) from None
    except (OSError, ValueError) as error:
        raise _wrong(str(file), one_line(error)) from None


@dataclass(frozen=True, slots=True)
class DetectorSet:
    """The detector settings of one file, to be tried on any parameters.

    `detectors` holds for all parameters, of whatever spacecraft, that the file does
    not describe; the defaults are those of the project. `source` is the file.
    """

    detectors: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    definitions: Definitions = field(default_factory=Definitions)
    source: str = ""

    def of(self, name: ParameterName) -> ParameterDefinition:
        """The definition of a parameter, described or not."""
        found = self.definitions.of(name)
        return found if found.source else replace(found, detectors=self.detectors)


def read_detector_set(file: Path) -> DetectorSet:
    """The detector settings in a file like those above, where all keys may be missing.

    Raises SettingsError, naming the file, for anything else.
    """
    try:
        detectors, described = _described(file, ())
        definitions = Definitions(described)
    except YamlProblem as error:
        raise SettingsError(f"{file}:{error.line}", one_line(error.problem)) from None
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or one_line(error)
        raise SettingsError(str(file), problem) from None
    return DetectorSet(detectors, definitions, str(file))


def _described(
    file: Path, needed: Collection[str]
) -> tuple[Mapping[str, Mapping[str, object]], list[ParameterDefinition]]:
    """The settings for all parameters of a file, and its definitions."""
    content = read_entries(file.read_bytes(), needed)
    definitions = [
        ParameterDefinition(
            ParameterName(content.spacecraft, entry.subsystem, entry.parameter),
            entry.unit,
            entry.soft,
            entry.hard,
            _merged(content.detectors, entry.detectors),
            str(file),
            {**content.lines, **entry.lines},
        )
        for entry in content.entries
    ]
    return content.detectors, definitions


def _merged(
    general: Mapping[str, Mapping[str, object]],
    special: Mapping[str, Mapping[str, object]],
) -> dict[str, dict[str, object]]:
    names = sorted(general.keys() | special.keys())
    return {name: {**general.get(name, {}), **special.get(name, {})} for name in names}


def _wrong(source: str, problem: str) -> SettingsError:
    return SettingsError(variable("parameters"), f"{source}: {problem}")
