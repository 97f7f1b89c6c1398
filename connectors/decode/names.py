"""Names of parameters: which are allowed, and a number for each."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from connectors.decode.routing import Route, shard_of
from connectors.messages.samples import ParameterName
from connectors.settings import MOST_PARAMETERS

LONGEST_NAME = 128
# A producer gone wild may invent names for ever; the table then starts afresh.
MOST_NAMES = 2 * MOST_PARAMETERS
NO_NAME: Final = -1

Places: TypeAlias = NDArray[np.uint16] | NDArray[np.int32]


def is_name(text: str) -> bool:
    """Whether `text` may name a spacecraft, subsystem or parameter."""
    return 0 < len(text) <= LONGEST_NAME and "/" not in text and text.isprintable()


def normal(text: str) -> str:
    """One form of all that look alike: an accent is part of its letter (NFC)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def told_name(text: str) -> str:
    """What stands for `text` where people are told of it, name or not."""
    return text if is_name(text) else repr(text[:LONGEST_NAME])


def full_key(spacecraft: str, subsystem: str | None, key: str) -> str:
    """What people are told of for a key of a packet, name or not."""
    parts = (spacecraft, subsystem, key)
    return "".join(f"/{told_name(part)}" for part in parts if part)


class Names:
    """The number of every parameter seen, kept from poll to poll.

    `identify` makes one name of several that a parameter may come under; `route` says
    what it stays together with; `most` are how many can be meant. What cannot be a name
    is not kept, as there may be any amount of it.
    """

    def __init__(
        self,
        identify: Callable[[ParameterName], ParameterName],
        route: Route,
        most: int,
    ) -> None:
        self._route, self._most = route, most
        self.names: list[ParameterName] = []
        self.shards: list[int] = []
        self._identify = identify
        self._numbers: dict[ParameterName, int] = {}
        self._subsystems: dict[tuple[str, str], Subsystem] = {}
        self._order: tuple[NDArray[np.int64], Places] = (
            np.empty(0, np.int64),
            np.empty(0, np.int32),
        )

    def of(self, spacecraft: str, subsystem: str | None) -> Subsystem:
        """The parameters of a subsystem, by name; unknown ones get a number."""
        key = spacecraft, subsystem or ""
        found = self._subsystems.get(key)
        if found is None:
            found = Subsystem(normal(spacecraft), normal(key[1]), self)
            if found.is_usable:
                self._subsystems[key] = found
        return found

    def number(self, name: ParameterName) -> int:
        """The number of a name, which is its place in `names` and `shards`."""
        name = self._identify(name)
        number = self._numbers.setdefault(name, len(self.names))
        if number == len(self.names):
            self.names.append(name)
            self.shards.append(shard_of(self._route(name)))
        return number

    def order(self) -> tuple[NDArray[np.int64], Places]:
        """All numbers ordered by shard, and for each number its place there."""
        by_place, place_of = self._order
        if len(by_place) < len(self.names):
            by_place = np.argsort(np.array(self.shards), kind="stable")
            # Small numbers are sorted in a fraction of the time.
            few = len(by_place) <= np.iinfo(np.uint16).max
            places = np.empty(len(by_place), np.int32)
            places[by_place] = np.arange(len(by_place))
            place_of = places.astype(np.uint16) if few else places
            self._order = by_place, place_of
        return by_place, place_of

    def is_full(self) -> bool:
        """Whether there are more names than can be meant."""
        names = sum(map(len, self._subsystems.values()), len(self._subsystems))
        return names > self._most


class Subsystem(dict[str, int]):
    """Parameter name to number, for one spacecraft and subsystem.

    Names may come in several forms of Unicode, and have one number.
    """

    def __init__(self, spacecraft: str, subsystem: str, names: Names) -> None:
        self._spacecraft, self._subsystem, self._names = spacecraft, subsystem, names
        self.is_usable = is_name(spacecraft) and (not subsystem or is_name(subsystem))

    def __missing__(self, parameter: str) -> int:
        normalised = normal(parameter)
        if not (self.is_usable and is_name(normalised)):
            return NO_NAME
        name = ParameterName(self._spacecraft, self._subsystem, normalised)
        self[parameter] = number = self._names.number(name)
        return number
