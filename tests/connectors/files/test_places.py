"""Places and ground stations, right and wrong."""

from pathlib import Path

import pytest

from connectors.errors import SettingsError
from connectors.files.places import read_places
from connectors.messages.places import GroundStation, Place, Places
from connectors.settings import Settings

ROOT = Path(__file__).parents[3]


def read(folder: Path, text: str) -> Places:
    file = folder / "places.yaml"
    file.write_text(text)
    return read_places(file)


def test_places_and_stations_are_read_in_their_order(tmp_path: Path):
    found = read(
        tmp_path,
        """
        places:
          Paris: {latitude_deg: 48.8566, longitude_deg: 2.3522}
          Null Island: {latitude_deg: 0, longitude_deg: 0}
        stations:
          Redu: {latitude_deg: 50, longitude_deg: 5, minimum_elevation_deg: 10}
        """,
    )
    assert found == Places(
        (Place("Paris", 48.8566, 2.3522), Place("Null Island", 0.0, 0.0)),
        (GroundStation("Redu", 50.0, 5.0, 0.0, 10.0),),
    )


def test_the_shipped_file_has_paris_and_stations():
    found = read_places(ROOT / Settings().places)
    assert Place("Paris", 48.8566, 2.3522) in found.places
    assert len(found.stations) > 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("places: {P: {latitude_deg: 91, longitude_deg: 0}}", "<= 90"),
        ("places: {P: {latitude_deg: 0, longitude_deg: 540}}", "<= 180"),
        ("places: {P: {latitude_deg: .nan, longitude_deg: 0}}", ">= -90"),
        ("places: {P: {latitude_deg: 0}}", "longitude_deg"),
        ("places: {P: {latitude: 0, longitude_deg: 0}}", "latitude"),
        ("places: {A/B: {latitude_deg: 0, longitude_deg: 0}}", "cannot be a name"),
        ("places: {'--': {latitude_deg: 0, longitude_deg: 0}}", "cannot be a name"),
        (
            "places: {A b: {latitude_deg: 0, longitude_deg: 0},"
            " a-B: {latitude_deg: 0, longitude_deg: 0}}",
            "'A b' and 'a-B' are too much alike",
        ),
        (
            "stations: {S: {latitude_deg: 0, longitude_deg: 0,"
            " minimum_elevation_deg: 90}}",
            "< 90",
        ),
        ("stations: [S]", "object"),
        ("\tplaces: {}", "places.yaml"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_that_names_it(
    tmp_path: Path, text: str, problem: str
):
    with pytest.raises(
        SettingsError, match=r"^ORBITWATCH_PLACES: .*places\.yaml"
    ) as no:
        read(tmp_path, text)
    assert problem in str(no.value)
    assert "\n" not in str(no.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: No such file"):
        read_places(tmp_path / "nowhere.yaml")
