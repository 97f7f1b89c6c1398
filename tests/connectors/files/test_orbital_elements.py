"""Files of orbital elements, right and wrong."""

from pathlib import Path

import pytest

from connectors.errors import SettingsError
from connectors.files.orbital_elements import OrbitalElements, read_elements
from connectors.settings import Settings

ISS1 = "1 25544U 98067A   26177.67101756  .00008101  00000+0  15268-3 0  9990"
ISS2 = "2 25544  51.6322 253.1475 0004299 235.1263 124.9322 15.49442433573225"
HST1 = "1 20580U 90037B   26177.92228016  .00007114  00000+0  22414-3 0  9995"
HST2 = "2 20580  28.4734  14.0366 0001405 260.4690  99.5747 15.30856861790068"
ROOT = Path(__file__).parents[3]


def checked(line: str) -> str:
    """The line with the checksum that belongs to it."""
    total = sum(int(c) if c.isdigit() else c == "-" for c in line[:68])
    return line[:68] + str(total % 10)


def read(folder: Path, *lines: str) -> list[OrbitalElements]:
    file = folder / "elements.tle"
    file.write_text("".join(f"{line}\n" for line in lines))
    return read_elements(file)


def test_satellites_may_have_names_or_not(tmp_path: Path):
    elements = read(
        tmp_path, "ISS   ", ISS1, ISS2, "", HST1, HST2 + "  \r", "0 B", ISS1, ISS2
    )
    assert elements == [
        OrbitalElements("ISS", ISS1, ISS2),
        OrbitalElements("20580", HST1, HST2),
        OrbitalElements("B", ISS1, ISS2),
    ]


def test_the_shipped_elements_are_right():
    elements = read_elements(ROOT / Settings().elements)
    assert elements[0].name == "ISS"
    assert len(elements) >= 10


@pytest.mark.parametrize(
    ("lines", "number", "problem"),
    [
        (["ISS", ISS1[:68] + "1", ISS2], 2, "its checksum is 0, but it says 1"),
        (["ISS", ISS1, ISS2[:50] + "9" + ISS2[51:]], 3, "its checksum is"),
        (["ISS", ISS1[:60], ISS2], 2, "has 60 characters, not 69"),
        (["ISS", ISS1, HST2], 3, "of another satellite than the line before"),
        (["ISS", ISS2], 2, "is not line 1"),
        ([ISS2], 1, "is not line 1"),
        (["ISS", "HST", ISS1, ISS2], 2, "is not line 1"),
        (["ISS", ISS1, HST1, HST2], 3, "is not line 2"),
        (["ISS", ISS1], 2, "cut short"),
        ([ISS1, ISS2, "HST"], 3, "cut short"),
        ([ISS1, ISS2, ISS1, ISS2], 4, "25544 was there before"),
        (["A/B", ISS1, ISS2], 1, "'A/B' cannot be a name"),
        ([checked(ISS1[:18] + "x" + ISS1[19:]), ISS2], 1, "not in the form"),
        ([checked(ISS1.replace("177.67", "399.67")), ISS2], 2, "day 399.671"),
        ([ISS1, checked(ISS2.replace("15.49", "19.49"))], 2, "make no orbit"),
    ],
)
def test_a_wrong_line_is_refused_in_one_line_that_names_file_and_line(
    tmp_path: Path, lines: list[str], number: int, problem: str
):
    with pytest.raises(SettingsError) as refusal:
        read(tmp_path, *lines)
    text = str(refusal.value)
    assert text.startswith(f"{tmp_path / 'elements.tle'}, line {number}: ")
    assert problem in text
    assert "\n" not in text


def test_every_single_wrong_digit_is_noticed(tmp_path: Path):
    for at in range(2, 68):
        if ISS1[at].isdigit():
            wrong = ISS1[:at] + str((int(ISS1[at]) + 1) % 10) + ISS1[at + 1 :]
            with pytest.raises(SettingsError, match="line 1"):
                read(tmp_path, wrong, ISS2)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe", None])
def test_a_file_without_elements_is_refused_by_its_name(
    tmp_path: Path, content: bytes | None
):
    file = tmp_path / "empty.tle"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"empty\.tle"):
        read_elements(file)
