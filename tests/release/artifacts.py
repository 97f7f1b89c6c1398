"""Wheel and sdist: built, and held against the checkout they come from."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.metadata import InvalidMetadata, Metadata

from tests.release import NotReadyError

BUILD_S = 300


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What is published of a version."""

    wheel: Path
    sdist: Path


def build(root: Path, folder: Path, version: str) -> Artifacts:
    """Builds an sdist, and a wheel of that; raises NotReadyError."""
    command = [sys.executable, "-m", "uv", "build", "--python", sys.executable]
    done = subprocess.run(
        [*command, "--no-progress", "--out-dir", str(folder), str(root)],
        capture_output=True,
        text=True,
        timeout=BUILD_S,
        check=False,
    )
    if done.returncode:
        raise NotReadyError(f"cannot be built:\n{done.stderr.strip()}")
    built = Artifacts(
        folder / f"orbitwatch-{version}-py3-none-any.whl",
        folder / f"orbitwatch-{version}.tar.gz",
    )
    for file in (built.wheel, built.sdist):
        if not file.is_file():
            there = ", ".join(sorted(each.name for each in folder.iterdir()))
            raise NotReadyError(f"{file.name} was not built, but {there}")
    return built


def check(built: Artifacts, root: Path, files: Iterable[str], version: str) -> None:
    """Raises NotReadyError for what is missing, too much, or wrong in the metadata."""
    files = set(files)
    wheel = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    target = wheel["tool"]["hatch"]["build"]["targets"]["wheel"]
    inside, left_out = target["packages"], tuple(target.get("exclude", ()))
    shipped = {
        name
        for name in files
        if name.split("/")[0] in inside and not name.startswith(left_out)
    }
    _same(built.wheel.name, shipped, _wheel_files(built.wheel))
    _same(built.sdist.name, files | {"PKG-INFO"}, _sdist_files(built.sdist))
    in_wheel = _wheel_metadata(built.wheel)
    if in_wheel != _sdist_metadata(built.sdist):
        raise NotReadyError("the metadata of wheel and sdist differ")
    _check_metadata(in_wheel, version)


def _same(name: str, expected: set[str], found: set[str]) -> None:
    if missing := sorted(expected - found):
        raise NotReadyError(f"{name} lacks {', '.join(missing)}")
    if extra := sorted(found - expected):
        raise NotReadyError(f"{name} has what is not tracked: {', '.join(extra)}")


def _wheel_files(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        names = (each.filename for each in archive.infolist() if not each.is_dir())
        return {name for name in names if ".dist-info/" not in name}


def _sdist_files(sdist: Path) -> set[str]:
    with tarfile.open(sdist) as archive:
        return {each.name.partition("/")[2] for each in archive if each.isfile()}


def _wheel_metadata(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return archive.read(name)


def _sdist_metadata(sdist: Path) -> bytes:
    with tarfile.open(sdist) as archive:
        (member,) = (
            each
            for each in archive
            if each.name.count("/") == 1 and each.name.endswith("/PKG-INFO")
        )
        file = archive.extractfile(member)
        return file.read() if file else b""


def _check_metadata(text: bytes, version: str) -> None:
    """By the core metadata specification, as a package index would."""
    try:
        metadata = Metadata.from_email(text, validate=True)
    except* InvalidMetadata as errors:
        wrong = "; ".join(map(str, _leaves(errors)))
        raise NotReadyError(f"the metadata are not valid: {wrong}") from None
    if str(metadata.version) != version:
        raise NotReadyError(f"the metadata say version {metadata.version}")
    for field in ("summary", "description", "license_expression", "requires_python"):
        if not getattr(metadata, field):
            raise NotReadyError(f"the metadata lack {field}")


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from _leaves(each)
        else:
            yield each
