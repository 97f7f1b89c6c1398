"""Names of parameters: which are allowed, and a number for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from connectors.messages import ParameterName

LONGEST_NAME = 128
# A producer gone wild may invent names for ever; the table then starts afresh.
MOST_NAMES = 1_000_000
NO_NAME: Final = -1


def is_name(text: str) -> bool:
    """Whether `text` may name a spacecraft, subsystem or parameter."""
    return 0 < len(text) <= LONGEST_NAME and "/" not in text and text.isprintable()


class Names:
    """The number of every parameter seen, kept from poll to poll.

    `identify` makes one name of several that a parameter may come under. What cannot
    be a name is not kept, as there may be any amount of it.
    """

    def __init__(self, identify: Callable[[ParameterName], ParameterName]) -> None:
        self.names: list[ParameterName] = []
        self._identify = identify
        self._numbers: dict[ParameterName, int] = {}
        self._subsystems: dict[tuple[str, str], Subsystem] = {}

    def of(self, spacecraft: str, subsystem: str | None) -> Subsystem:
        """The parameters of a subsystem, by name; unknown ones get a number."""
        key = spacecraft, subsystem or ""
        found = self._subsystems.get(key)
        if found is None:
            found = Subsystem(*key, self)
            if found.is_usable:
                self._subsystems[key] = found
        return found

    def number(self, name: ParameterName) -> int:
        """The number of a name, which is the place of its like in `names`."""
        name = self._identify(name)
        number = self._numbers.setdefault(name, len(self.names))
        if number == len(self.names):
            self.names.append(name)
        return number

    def is_full(self) -> bool:
        """Whether there are more names than can be meant."""
        return sum(map(len, self._subsystems.values()), len(self._subsystems)) > (
            MOST_NAMES
        )


class Subsystem(dict[str, int]):
    """Parameter name to number, for one spacecraft and subsystem."""

    def __init__(self, spacecraft: str, subsystem: str, names: Names) -> None:
        self._spacecraft, self._subsystem, self._names = spacecraft, subsystem, names
        self.is_usable = is_name(spacecraft) and (not subsystem or is_name(subsystem))

    def __missing__(self, parameter: str) -> int:
        if not (self.is_usable and is_name(parameter)):
            return NO_NAME
        name = ParameterName(self._spacecraft, self._subsystem, parameter)
        self[parameter] = number = self._names.number(name)
        return number
