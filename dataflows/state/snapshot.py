"""Packs the learnt state of a detector into bytes, and refuses bytes of another.

Layout: magic, version of this layout, checksum of all that follows, then a label
(detector, its version, its settings) and the parts, each preceded by its length.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

__all__ = ["SnapshotError", "label", "pack", "parts_of_any", "unpack"]

_MAGIC = b"OWDS"
_LAYOUT = 1
_HEAD = struct.Struct("<4sHI")
_LENGTH = struct.Struct("<I")


class SnapshotError(ValueError):
    """A snapshot that cannot be restored here, with the reason."""


def label(name: str, version: int, settings: Mapping[str, object]) -> bytes:
    r"""Return what a snapshot must carry to be restored: who wrote it, and how set.

    >>> label("rolling_z_score", 1, {"threshold": 5.0, "window_samples": 1000})
    b'rolling_z_score\nversion 1\nthreshold=5.0 window_samples=1000'
    """
    text = " ".join(f"{key}={settings[key]!r}" for key in sorted(settings))
    return f"{name}\nversion {version}\n{text}".encode()


def pack(written_by: bytes, parts: Sequence[bytes]) -> bytes:
    """Return one snapshot of a label and its parts."""
    pieces = [_LENGTH.pack(len(written_by)), written_by]
    for part in parts:
        pieces += (_LENGTH.pack(len(part)), part)
    body = b"".join(pieces)
    return _HEAD.pack(_MAGIC, _LAYOUT, zlib.crc32(body)) + body


def unpack(data: bytes, expected: bytes) -> list[bytes]:
    """Return the parts of a snapshot that was packed with the label `expected`."""
    found, *parts = _pieces(data)
    if found != expected:
        raise SnapshotError(_difference(found, expected))
    return parts


def parts_of_any(data: bytes) -> list[bytes]:
    """Return the parts of a snapshot, whatever its label."""
    return _pieces(data)[1:]


def _pieces(data: bytes) -> list[bytes]:
    """Return the label and the parts of a snapshot that is whole."""
    if len(data) < _HEAD.size or data[:4] != _MAGIC:
        raise SnapshotError(f"not a detector snapshot ({len(data)} bytes)")
    _, layout, checksum = _HEAD.unpack_from(data)
    if layout != _LAYOUT:
        raise SnapshotError(f"snapshot layout {layout}, this release reads {_LAYOUT}")
    if zlib.crc32(memoryview(data)[_HEAD.size :]) != checksum:
        raise SnapshotError(f"snapshot cut short or damaged ({len(data)} bytes)")
    return _split(data, _HEAD.size)


def _split(data: bytes, start: int) -> list[bytes]:
    pieces = []
    while start < len(data):
        (length,) = _LENGTH.unpack_from(data, start)
        start += _LENGTH.size
        pieces.append(data[start : start + length])
        start += length
    return pieces


def _difference(found: bytes, expected: bytes) -> str:
    theirs = found.decode(errors="replace").split("\n")
    ours = expected.decode().split("\n")
    which = 0
    while theirs[which] == ours[which] and which < len(ours) - 1:
        which += 1
    what = ("detector ", "", "settings ")[which]
    return f"snapshot of {what}{theirs[which]}, but this is {ours[which]}"
