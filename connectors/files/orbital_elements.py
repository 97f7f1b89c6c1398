"""Orbital elements in files of two-line elements, with or without names.

ISS
1 25544U 98067A   26177.67101756  .00008101  00000+0  15268-3 0  9990
2 25544  51.6322 253.1475 0004299 235.1263 124.9322 15.49442433573225
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sgp4.api import SGP4_ERRORS, Satrec

from connectors.decode.names import is_name
from connectors.errors import SettingsError, one_line

_NUMBER = "[ 0-9A-Z][ 0-9]{4}"
_ANGLE = r"[ \d]{2}\d\.\d{4}"
_POWER = r"[ +-]\d{5}[+-]\d"
_FORMS = {
    "1": re.compile(
        rf"1 {_NUMBER}[A-Z ] .{{8}} [ \d]{{4}}\d\.\d{{8}} [ +-]\.\d{{8}} "
        rf"{_POWER} {_POWER} [ \d] [ \d]{{4}}\d"
    ),
    "2": re.compile(
        rf"2 {_NUMBER} {_ANGLE} {_ANGLE} \d{{7}} {_ANGLE} {_ANGLE} "
        r"[ \d]\d\.\d{8}[ \d]{5}\d"
    ),
}


@dataclass(frozen=True, slots=True)
class OrbitalElements:
    """The two lines of a satellite, and what it is called in packets."""

    name: str
    line1: str
    line2: str


def read_elements(file: Path) -> list[OrbitalElements]:
    """The elements in a file, in its order.

    Raises SettingsError, naming file and line, for anything that is not as above.
    """
    try:
        text = file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or one_line(error)
        raise SettingsError(str(file), problem) from None
    found: dict[str, OrbitalElements] = {}
    for number, elements in _elements(text, file):
        if elements.name in found:
            raise _wrong(file, number, f"{elements.name} was there before")
        found[elements.name] = elements
    if not found:
        raise SettingsError(str(file), "holds no orbital elements")
    return list(found.values())


def write_elements(file: Path, elements: Iterable[OrbitalElements]) -> None:
    """Writes a file of elements; raises SettingsError if that cannot be done."""
    lines = (f"{one.name}\n{one.line1}\n{one.line2}\n" for one in elements)
    try:
        file.write_text("".join(lines), encoding="ascii")
    except OSError as error:
        raise SettingsError(str(file), error.strerror or one_line(error)) from None


def dated(elements: OrbitalElements, epoch: datetime) -> OrbitalElements:
    """The same orbit, and the same place on it, at another time (UTC)."""
    year = datetime(epoch.year, 1, 1, tzinfo=UTC)
    day = 1 + (epoch - year) / timedelta(days=1)
    line1 = elements.line1
    line1 = f"{line1[:18]}{epoch.year % 100:02}{day:012.8f}{line1[32:68]}"
    return replace(elements, line1=f"{line1}{_checksum(line1)}")


def _elements(text: str, file: Path) -> Iterator[tuple[int, OrbitalElements]]:
    """Each satellite's elements, and the number of their last line."""
    name = line1 = ""
    number = 0
    for number, line in enumerate(map(str.rstrip, text.splitlines()), start=1):
        if not line:
            continue
        if line.startswith("1 ") and not line1:
            line1 = _checked(line, file, number)
        elif line.startswith("2 ") and line1:
            line2 = _checked(line, file, number)
            called = name or line1[2:7].strip()
            yield number, _usable(OrbitalElements(called, line1, line2), file, number)
            name = line1 = ""
        elif line1:
            raise _wrong(file, number, "is not line 2, which has to come here")
        elif name or line.startswith("2 "):
            raise _wrong(file, number, "is not line 1, which has to come here")
        else:
            name = line.removeprefix("0 ").strip()
            if not is_name(name):
                raise _wrong(file, number, f"{name!r} cannot be a name")
    if name or line1:
        raise _wrong(file, number, "the elements of the last satellite are cut short")


def _checked(line: str, file: Path, number: int) -> str:
    """The line, if it has the form it should have."""
    if len(line) != 69:
        raise _wrong(file, number, f"has {len(line)} characters, not 69")
    given, meant = line[68], str(_checksum(line))
    if given != meant:
        raise _wrong(file, number, f"its checksum is {meant}, but it says {given}")
    if not _FORMS[line[0]].fullmatch(line):
        raise _wrong(file, number, "is not in the form of two-line elements")
    return line


def _checksum(line: str) -> int:
    """The sum of all digits, a minus counting as 1, modulo 10."""
    return sum(int(c) if c.isdigit() else c == "-" for c in line[:68]) % 10


def _usable(elements: OrbitalElements, file: Path, number: int) -> OrbitalElements:
    """The elements, if they are of one satellite and SGP4 takes them."""
    if elements.line1[2:7] != elements.line2[2:7]:
        raise _wrong(file, number, "is of another satellite than the line before")
    satellite = Satrec.twoline2rv(elements.line1, elements.line2)
    day = float(elements.line1[20:32])
    error = satellite.sgp4_tsince(0.0)[0]
    if error or not 1 <= day < 367:
        problem = SGP4_ERRORS[error] if error else f"day {day:g} of the year is none"
        raise _wrong(file, number, f"the elements make no orbit: {problem}")
    return elements


def _wrong(file: Path, number: int, problem: str) -> SettingsError:
    return SettingsError(f"{file}, line {number}", problem)
