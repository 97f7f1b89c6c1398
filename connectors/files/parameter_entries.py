"""What a YAML file says of parameters, word by word, and on which line.

Errors name the line, the parameter, what stands there, and the nearest known word.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from connectors.decode.names import is_name, normal
from connectors.files.plain_yaml import Yaml, YamlProblem, parse_yaml

Band = tuple[float | None, float | None]
Settings = Mapping[str, Mapping[str, object]]
Lines = Mapping[str, int]
"""Of a parameter (under ""), of detectors, and of settings (`detector.setting`)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said of one parameter."""

    parameter: str
    subsystem: str = ""
    unit: str = ""
    soft: Band = (None, None)
    hard: Band = (None, None)
    detectors: Settings = field(default_factory=dict)
    lines: Lines = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Content:
    """What a file says; `detectors` are settings for all of its parameters."""

    spacecraft: str = ""
    detectors: Settings = field(default_factory=dict)
    lines: Lines = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)


def read_entries(content: bytes, needed: Collection[str]) -> Content:
    """What a file says, which has to have the words `needed`.

    Raises YamlProblem for anything that is not as `connectors.files.parameters` has it.
    """
    root = parse_yaml(content)
    if root is None:  # nothing but comments
        if needed:
            raise YamlProblem(1, "the file says nothing")
        return Content()
    said = _known(root, ("spacecraft", "detectors", "parameters"))
    for word in needed:
        if word not in said:
            raise root.problem(f"{word} is missing")
    spacecraft = _name(said["spacecraft"]) if "spacecraft" in said else ""
    detectors, lines = _detectors(said.get("detectors"))
    parameters = said["parameters"].by_name() if "parameters" in said else {}
    entries = []
    for parameter, entry in parameters.items():
        try:
            if not is_name(spacecraft):
                raise root.problem(f"{spacecraft!r} cannot be a name of a spacecraft")
            entries.append(_entry(normal(parameter), entry))
        except YamlProblem as error:
            problem = f"{parameter}: {error.problem}"
            raise YamlProblem(error.line, problem) from None
    return Content(spacecraft, detectors, lines, entries)


def _entry(parameter: str, part: Yaml) -> Entry:
    said = _known(part, ("subsystem", "unit", "soft", "hard", "detectors"))
    if not is_name(parameter):
        raise part.problem(f"{parameter!r} cannot be a name")
    unit = said["unit"].text() if "unit" in said else ""
    if not unit.isprintable():
        raise said["unit"].problem(f"{unit!r} cannot be a unit")
    detectors, lines = _detectors(said.get("detectors"))
    return Entry(
        parameter,
        _name(said["subsystem"]) if "subsystem" in said else "",
        unit,
        _band(said, "soft"),
        _band(said, "hard"),
        detectors,
        {**lines, "": part.line},
    )


def _known(part: Yaml, words: Collection[str]) -> dict[str, Yaml]:
    """The parts by name, none of which may be another than these."""
    said = part.by_name()
    for word, of in said.items():
        if word not in words:
            known = f"known: {', '.join(words)}"
            raise of.problem(f"unknown word {word!r}{meant(word, words)} ({known})")
    return said


def meant(word: str, known: Iterable[str]) -> str:
    """A question whether the nearest of the known words is meant; may be empty."""
    by_lower = {one.lower(): one for one in known}
    found = get_close_matches(word.lower(), by_lower, 1)
    return f"; do you mean {by_lower[found[0]]!r}?" if found else ""


def _name(part: Yaml) -> str:
    text = normal(part.text())
    # What every spacecraft is called, and a subsystem that is left out.
    if text and not is_name(text):
        raise part.problem(f"{text!r} cannot be a name")
    return text


def _band(said: Mapping[str, Yaml], which: str) -> Band:
    if which not in said:
        return (None, None)
    try:
        low, high = said[which].pair()
        return low.number(), high.number()
    except YamlProblem as error:
        raise YamlProblem(error.line, f"{which}: {error.problem}") from None


def _detectors(
    part: Yaml | None,
) -> tuple[dict[str, dict[str, object]], dict[str, int]]:
    """Settings by detector, and the lines of both."""
    settings: dict[str, dict[str, object]] = {}
    lines: dict[str, int] = {}
    for detector, said in (part.by_name() if part else {}).items():
        lines[detector] = said.line
        try:
            by_name = said.by_name()
        except YamlProblem as error:
            raise YamlProblem(error.line, f"{detector}: {error.problem}") from None
        settings[detector] = {
            setting: value.flag_or_plain() for setting, value in by_name.items()
        }
        for setting, value in by_name.items():
            lines[f"{detector}.{setting}"] = value.line
    return settings, lines
