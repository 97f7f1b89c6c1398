"""The ids of parameters, which samples carry in the database instead of names."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from psycopg.rows import class_row

from connectors.database.connection import Connection
from connectors.messages.samples import ParameterName

LOOK_S = 1.0

_log = logging.getLogger("orbitwatch.database")

# Sorted, so that two processes that store the same names do not block each other.
_STORE = """
    INSERT INTO parameter AS stored (spacecraft, subsystem, name, unit, system)
    SELECT wanted.*, %(system)s
    FROM unnest(
        %(spacecraft)s::text[], %(subsystems)s::text[], %(names)s::text[],
        %(units)s::text[]
    ) AS wanted (spacecraft, subsystem, name, unit)
    ORDER BY spacecraft, subsystem, name
    ON CONFLICT (spacecraft, subsystem, name) DO UPDATE
    SET unit = excluded.unit, system = excluded.system
    WHERE (stored.unit, stored.system) IS DISTINCT FROM (excluded.unit, excluded.system)
"""
_FIND = """
    SELECT id, spacecraft, subsystem, name, unit, system
    FROM parameter
    JOIN unnest(%(spacecraft)s::text[], %(subsystems)s::text[], %(names)s::text[])
        AS wanted (spacecraft, subsystem, name)
        USING (spacecraft, subsystem, name)
"""
# Those whose rows were deleted. With them, samples that came meanwhile are seen again.
_GONE = """
    SELECT wanted.id
    FROM unnest(%(ids)s::int[]) AS wanted (id)
    WHERE NOT EXISTS (SELECT FROM parameter WHERE parameter.id = wanted.id)
"""
_RESTORE = """
    INSERT INTO parameter (id, spacecraft, subsystem, name, unit, system)
    OVERRIDING SYSTEM VALUE
    SELECT wanted.*, %(system)s
    FROM unnest(
        %(ids)s::int[], %(spacecraft)s::text[], %(subsystems)s::text[],
        %(names)s::text[], %(units)s::text[]
    ) AS wanted (id, spacecraft, subsystem, name, unit)
    ORDER BY spacecraft, subsystem, name
    ON CONFLICT DO NOTHING
"""

Units = Mapping[ParameterName, str]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A row of the table `parameter`."""

    id: int
    spacecraft: str
    subsystem: str
    name: str
    unit: str
    system: str


class ParameterIds:
    """The parameters of a system that are known to be in the database.

    `unit_of` tells the unit of a parameter. When there are more than `most`, they are
    asked for again: they may be invented.
    """

    def __init__(
        self,
        system: str,
        unit_of: Callable[[ParameterName], str],
        most: int,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._system, self._unit_of, self._most = system, unit_of, most
        self._clock_s, self._next_look_s = clock_s, 0.0
        # Since the last look that was committed.
        self._used: set[ParameterName] = set()
        self._is_looking = False
        self._gone: Set[ParameterName] = frozenset()
        self._known: dict[ParameterName, Parameter] = {}
        self._uncommitted: dict[ParameterName, Parameter] = {}

    def look_up(
        self, connection: Connection, names: Sequence[ParameterName]
    ) -> list[int]:
        """The ids of the names; adds to the table those it lacks.

        What it learns counts for one transaction, until `keep` is called. Rows that
        were deleted are made again with the ids that they had, within a second.
        """
        self._uncommitted = {}
        self._used.update(names)
        self._look_for_deleted(connection)
        found = [
            None if name in self._gone else self._known.get(name) for name in names
        ]
        unknown = {
            name: self._unit_of(name)
            for name, parameter in zip(names, found, strict=True)
            if parameter is None
        }
        if unknown:
            self._uncommitted = self._find_or_store(connection, unknown)
            return list(map(self.id_of, names))
        return [parameter.id for parameter in found if parameter is not None]

    def _look_for_deleted(self, connection: Connection) -> None:
        """Now and then, as it takes a while where there are thousands."""
        self._is_looking = self._clock_s() >= self._next_look_s
        self._gone = frozenset()
        if self._is_looking:
            self._gone = self._restore_deleted(connection, self._used).keys()

    def _restore_deleted(
        self, connection: Connection, names: Iterable[ParameterName]
    ) -> Mapping[ParameterName, int]:
        """Makes rows again that were deleted; returns the ids that they had.

        Somebody may have made one first, with another id.
        """
        by_id = {known.id: name for name in names if (known := self._known.get(name))}
        rows = connection.execute(_GONE, {"ids": [*by_id]}) if by_id else ()
        gone = {by_id[number]: number for (number,) in rows}
        if gone:
            _log.warning(
                "rows of the table parameter were deleted while this flow runs (%d, "
                "such as %s); they are made again",
                *(len(gone), next(iter(gone))),
            )
            told = {
                "ids": [*gone.values()],
                "units": list(map(self._unit_of, gone)),
                "system": self._system,
            }
            connection.execute(_RESTORE, _columns(gone) | told)
        return gone

    @property
    def new(self) -> Set[ParameterName]:
        """What was looked up in the database in this transaction."""
        return self._uncommitted.keys()

    def id_of(self, name: ParameterName) -> int:
        """The id of a name that was looked up in this transaction or before."""
        return (self._uncommitted.get(name) or self._known[name]).id

    def keep(self) -> None:
        """Remembers what was learnt, now that the transaction is committed."""
        if len(self._known) > self._most:
            self._known.clear()
        if self._is_looking:
            self._next_look_s = self._clock_s() + LOOK_S
            self._used.clear()
            for name in self._gone:  # if somebody made its row, it has another id
                self._known.pop(name, None)
        self._known.update(self._uncommitted)
        self._uncommitted = {}

    def doubt(self) -> None:
        """Has the next transaction look whether rows were deleted."""
        self._next_look_s = 0.0

    def _find_or_store(
        self, connection: Connection, wanted: Units
    ) -> dict[ParameterName, Parameter]:
        """At most three statements, however many names."""
        found = find_parameters(connection, wanted)
        lacking = {
            name: unit
            for name, unit in wanted.items()
            if name not in found
            or (found[name].unit, found[name].system) != (unit, self._system)
        }
        if lacking:
            units = {"units": list(lacking.values()), "system": self._system}
            connection.execute(_STORE, _columns(lacking) | units)
            found |= find_parameters(connection, lacking)
        return found


def find_parameters(
    connection: Connection, names: Iterable[ParameterName]
) -> dict[ParameterName, Parameter]:
    """The rows of those parameters that the table has."""
    with connection.cursor(row_factory=class_row(Parameter)) as cursor:
        rows = cursor.execute(_FIND, _columns(names)).fetchall()
    return {ParameterName(p.spacecraft, p.subsystem, p.name): p for p in rows}


def _columns(wanted: Iterable[ParameterName]) -> dict[str, object]:
    names = list(wanted)
    return {
        "spacecraft": [name.spacecraft for name in names],
        "subsystems": [name.subsystem for name in names],
        "names": [name.parameter for name in names],
    }
