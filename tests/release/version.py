"""The version: it stands in pyproject.toml, and what repeats it has to agree."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.release import NotReadyError, Problem

COMPOSE = "docker-compose.yml"
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")
_IMAGE = re.compile(r"^\s*image: orbitwatch:(\S+)", re.MULTILINE)


def read_version(root: Path) -> str:
    """The version in pyproject.toml; raises NotReadyError if it is none."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    version = str(tomllib.loads(text).get("project", {}).get("version", ""))
    if not _VERSION.fullmatch(version):
        raise NotReadyError(f"pyproject.toml: {version!r} is no version such as 1.2.3")
    return version


def problems_of_repeats(root: Path, version: str) -> Iterator[Problem]:
    """Where another version stands."""
    for image in _IMAGE.findall((root / COMPOSE).read_text(encoding="utf-8")):
        if image != version:
            yield Problem(
                f"{COMPOSE}: the image is orbitwatch:{image}; make it {version}"
            )
