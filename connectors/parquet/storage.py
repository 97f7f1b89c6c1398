"""The place of an archive, a folder or an object store, and all that is done there."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pyarrow as pa
from pyarrow import fs

from connectors.errors import ArchiveUnavailable, one_line

FULL = "the disk is full; make room and start again: nothing is lost"
_FULL_ERRORS = {errno.ENOSPC, errno.EDQUOT}
_MALFORMED = (
    "neither a folder nor a URL such as s3://bucket/folder with options that are known "
    "(in keys and folders write / as %2F, @ as %40)"
)
_URL = re.compile(r"[a-z][a-z0-9+.-]*:/+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file of the archive: where it is, its size, and when it was last written."""

    path: str
    size_bytes: int
    written_at: datetime


class Storage:
    """An archive's files; paths are relative to its root, with `/` between the parts.

    A file appears as a whole once it is closed only in an object store; elsewhere it
    has to be moved to where others look for it. On a local disk all that was written
    and moved survives a loss of power. Raises ArchiveUnavailable for what goes wrong.
    """

    def __init__(self, address: str, filesystem: fs.FileSystem, root: str) -> None:
        self.address = address
        self._filesystem = filesystem
        self._root = root.rstrip("/")
        self._is_local = filesystem.type_name == "local"
        self._has_folders = filesystem.type_name not in {"s3", "gcs", "abfs"}

    @classmethod
    def at(cls, address: str) -> Self:
        """The archive at a URL that pyarrow knows (s3://...), or in a folder."""
        shown = _without_secrets(address)
        if _URL.match(address) is None:
            root = str(Path(address).expanduser().absolute())
            return cls(shown, fs.LocalFileSystem(), root)
        try:
            filesystem, root = fs.FileSystem.from_uri(address)
        except ValueError:  # which quotes the whole address
            raise ArchiveUnavailable(shown, _MALFORMED) from None
        except (OSError, pa.ArrowException) as error:
            raise ArchiveUnavailable(shown, str(error)) from None
        if not root.strip("/"):
            raise ArchiveUnavailable(shown, "it names no bucket and no folder")
        return cls(shown, filesystem, root)

    @property
    def local_root(self) -> Path | None:
        """The folder, if it is one of this machine."""
        return Path(self._root) if self._is_local else None

    @contextmanager
    def writing(self, path: str) -> Iterator[pa.NativeFile]:
        """A stream into a new file, which is safe on the disk once the block ends."""
        with self.plain_errors():
            self._make_folder(path)
            with self._filesystem.open_output_stream(self._full(path)) as stream:
                yield stream
            self._sync(path)

    def write(self, path: str, content: bytes) -> None:
        """Writes a small file: whole or not at all, also over one that is there."""
        if not self._has_folders:
            with self.writing(path) as stream:
                stream.write(content)
            return
        incoming = f"{path}.tmp"
        with self.writing(incoming) as stream:
            stream.write(content)
        self.move(incoming, path)
        self.sync_folders([path])

    def read(self, path: str) -> bytes | None:
        """The content of a small file; None if it is not there."""
        with self.plain_errors():
            try:
                with self._filesystem.open_input_file(self._full(path)) as stream:
                    return bytes(stream.read())
            except FileNotFoundError:
                return None

    def holds(self, path: str) -> bool:
        """Whether there is such a file."""
        with self.plain_errors():
            found = self._filesystem.get_file_info(self._full(path))
        return bool(found.type is fs.FileType.File)

    def open(self, path: str) -> pa.NativeFile:
        """A file to be read from anywhere."""
        with self.plain_errors():
            return self._filesystem.open_input_file(self._full(path))

    def move(self, source: str, destination: str) -> None:
        """Moves a file; it is no error if somebody else was faster."""
        with self.plain_errors():
            self._make_folder(destination)
            try:
                self._filesystem.move(self._full(source), self._full(destination))
            except OSError:  # each kind of storage has its own for what is gone
                if self.holds(source):
                    raise

    def delete(self, path: str) -> None:
        """Deletes a file, if it is there."""
        with self.plain_errors():
            try:
                self._filesystem.delete_file(self._full(path))
            except FileNotFoundError:
                return

    def files(self, folder: str) -> list[FileInfo]:
        """The files in a folder, by name; none if there is no such folder."""
        return [
            FileInfo(self._relative(found.path), found.size or 0, _written_at(found))
            for found in self._listing(folder)
            if found.type is fs.FileType.File
        ]

    def folders(self, folder: str) -> list[str]:
        """The folders in a folder, by name."""
        return [
            self._relative(found.path)
            for found in self._listing(folder)
            if found.type is fs.FileType.Directory
        ]

    def sync_folders(self, paths: list[str]) -> None:
        """Makes files stay where they were moved to, should the power fail."""
        if not self._is_local:
            return
        with self.plain_errors():
            root = Path(self._root)
            above = {
                folder
                for path in paths
                for folder in (root / path).parents
                if folder.is_relative_to(root)
            }
            for folder in sorted(above, reverse=True):
                _sync_path(folder)

    @contextmanager
    def plain_errors(self) -> Iterator[None]:
        """Raises ArchiveUnavailable for every error of the file system inside."""
        try:
            yield
        except (OSError, pa.ArrowException) as error:
            problem = f"{error}"
            if getattr(error, "errno", None) in _FULL_ERRORS:
                problem = FULL
            raise ArchiveUnavailable(self.address, one_line(problem)) from None

    def _listing(self, folder: str) -> list[fs.FileInfo]:
        selector = fs.FileSelector(self._full(folder), allow_not_found=True)
        with self.plain_errors():
            found = self._filesystem.get_file_info(selector)
        return sorted(found, key=lambda info: str(info.path))

    def _make_folder(self, path: str) -> None:
        if self._has_folders:
            folder = self._full(path).rpartition("/")[0]
            self._filesystem.create_dir(folder, recursive=True)

    def _sync(self, path: str) -> None:
        if self._is_local:
            _sync_path(Path(self._full(path)))

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    def _relative(self, path: str) -> str:
        return path.removeprefix(self._root).lstrip("/")


def _sync_path(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _written_at(found: fs.FileInfo) -> datetime:
    written_at = found.mtime or datetime.fromtimestamp(0, UTC)
    return written_at.astimezone(UTC)


def _without_secrets(address: str) -> str:
    """The address without keys and options, as it may be shown.

    Raises ArchiveUnavailable if part of a key would be taken for something else.
    """
    url = _URL.match(address)
    if url is None:
        return address
    keys, _, place = address[url.end() :].rpartition("@")
    if set(keys) & set("/?#@"):
        raise ArchiveUnavailable(f"{url[0]}(unreadable)", _MALFORMED)
    return url[0] + re.split("[?#]", place)[0]
