"""The recovery folder (`-r`) belongs to one flow, and to one process at a time.

Bytewax would let another in: the two would delete each other's snapshots, for good.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import sqlite3
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from connectors.errors import RecoveryUnusable, StateFolderTaken

OWNER = "orbitwatch.json"

_log = logging.getLogger("orbitwatch")


def claim(folder: Path, flow: str) -> None:
    """Takes the folder for this process of the flow, until the process ends.

    Raises StateFolderTaken if another process uses it, or another flow has kept its
    state there, and RecoveryUnusable if it cannot be written.
    """
    if not folder.is_dir():
        return  # which ends the start a moment later, with what to do
    owner = folder / OWNER
    try:
        file = os.open(owner, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise RecoveryUnusable(owner, error.strerror or str(error)) from None
    try:
        _claim(folder, flow, owner, file)
    except BaseException:
        os.close(file)
        raise
    # Else it stays open: the lock ends with the process, however that ends.


def _claim(folder: Path, flow: str, owner: Path, file: int) -> None:
    try:
        alone = _lock(file, owner)
        told = _told(os.read(file, 4096))
        if not alone:
            raise StateFolderTaken(
                folder, f"process {told.get('process', '?')} uses it"
            )
        known = str(told.get("flow", "")) or _flow_of_snapshots(folder)
        if known not in ("", flow):
            raise StateFolderTaken(folder, f"it has the state of the flow {known}")
        _write(file, flow)
    except OSError as error:
        raise RecoveryUnusable(owner, error.strerror or str(error)) from None


def _lock(file: int, owner: Path) -> bool:
    """Whether nobody else has it; where locks cannot be had, nobody can tell."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        _log.warning(
            "%s cannot be locked (%s): nothing keeps a second process out",
            owner,
            error.strerror,
        )
    return True


def _told(content: bytes) -> dict[str, object]:
    """What is known of the owner; nothing where a process was killed while writing."""
    try:
        told = json.loads(content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _write(file: int, flow: str) -> None:
    owner = {"flow": flow, "version": _version(), "process": os.getpid()}
    content = json.dumps(owner).encode() + b"\n"
    os.ftruncate(file, 0)
    os.pwrite(file, content, 0)


def _version() -> str:
    try:
        return version("orbitwatch")
    except PackageNotFoundError:
        return "unknown"


def _flow_of_snapshots(folder: Path) -> str:
    """The flow whose steps have snapshots there; empty if there are none."""
    for file in sorted(folder.glob("*.sqlite3")):
        address = f"{file.absolute().as_uri()}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True)) as partition:
                row = partition.execute("SELECT step_id FROM snaps LIMIT 1").fetchone()
        except sqlite3.Error as error:
            raise RecoveryUnusable(file, str(error)) from None
        if row:
            return str(row[0]).partition(".")[0]
    return ""
