"""Names of parameters: which are allowed, and a number for each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from connectors.messages import ParameterName

LONGEST_NAME = 128
# A producer gone wild may invent names for ever; the table then starts afresh.
MOST_NAMES = 1_000_000
NO_NAME: Final = -1


class _Subsystem(dict[str, int]):
    """Parameter name to number, for one spacecraft and subsystem."""

    def __init__(self, spacecraft: str, subsystem: str, names: list[ParameterName]):
        self._spacecraft, self._subsystem, self._names = spacecraft, subsystem, names
        usable = is_name(spacecraft) and (subsystem == "" or is_name(subsystem))
        self._usable = usable

    def __missing__(self, parameter: str) -> int:
        number = NO_NAME
        if self._usable and is_name(parameter):
            number = len(self._names)
            name = ParameterName(self._spacecraft, self._subsystem, parameter)
            self._names.append(name)
        self[parameter] = number
        return number


def is_name(text: str) -> bool:
    """Whether `text` may name a spacecraft, subsystem or parameter."""
    return 0 < len(text) <= LONGEST_NAME and "/" not in text and text.isprintable()


@dataclass(slots=True)
class Names:
    """The number of every parameter seen, kept from poll to poll."""

    names: list[ParameterName] = field(default_factory=list)
    subsystems: dict[tuple[str, str | None], _Subsystem] = field(default_factory=dict)

    def of(self, spacecraft: str, subsystem: str | None) -> _Subsystem:
        """The parameters of a subsystem, by name; unknown ones get a number."""
        found = self.subsystems.get((spacecraft, subsystem))
        if found is None:
            found = _Subsystem(spacecraft, subsystem or "", self.names)
            self.subsystems[spacecraft, subsystem] = found
        return found

    def is_full(self) -> bool:
        """Whether there are more names than can be meant."""
        known = sum(map(len, self.subsystems.values())) + len(self.subsystems)
        return known > MOST_NAMES
