"""Places and ground stations, read from YAML.

places:             # whose distance matters
  Paris: {latitude_deg: 48.8566, longitude_deg: 2.3522}
stations:           # over which satellites pass
  Redu:
    latitude_deg: 50.002
    longitude_deg: 5.146
    altitude_m: 385             # over the ellipsoid WGS84; 0 unless given
    minimum_elevation_deg: 5    # from which on a satellite is in view; 0
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec.structs import astuple

from connectors.decode.names import is_name
from connectors.errors import SettingsError, one_line
from connectors.files.plain_yaml import read_yaml
from connectors.messages.places import GroundStation, Place, Places
from connectors.settings import variable

_Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
_Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
_Altitude = Annotated[float, msgspec.Meta(ge=-500, le=9000)]
_Elevation = Annotated[float, msgspec.Meta(ge=0, lt=90)]


class _Place(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    latitude_deg: _Latitude
    longitude_deg: _Longitude


class _Station(_Place, forbid_unknown_fields=True, frozen=True):
    altitude_m: _Altitude = 0.0
    minimum_elevation_deg: _Elevation = 0.0


class _File(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    places: dict[str, _Place] = {}
    stations: dict[str, _Station] = {}


def read_places(file: Path) -> Places:
    """The places in a file.

    Raises SettingsError, naming the file, for anything that is not as described above.
    """
    try:
        content = msgspec.convert(read_yaml(file.read_bytes()), _File)
        _check_names(content.places)
        _check_names(content.stations)
        return Places(
            tuple(
                Place(name, *astuple(place)) for name, place in content.places.items()
            ),
            tuple(
                GroundStation(name, *astuple(station))
                for name, station in content.stations.items()
            ),
        )
    except (msgspec.DecodeError, OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or one_line(error)
        raise SettingsError(variable("places"), f"{file}: {problem}") from None


def _check_names(names: Iterable[str]) -> None:
    """Raise ValueError unless parameters can be named after all of these."""
    seen: dict[str, str] = {}
    for name in names:
        letters = "".join(filter(str.isalnum, name.lower()))
        if not (is_name(name) and letters.isascii() and letters):
            raise ValueError(f"{name!r} cannot be a name (letters a to z and digits)")
        if letters in seen:
            raise ValueError(f"{seen[letters]!r} and {name!r} are too much alike")
        seen[letters] = name
