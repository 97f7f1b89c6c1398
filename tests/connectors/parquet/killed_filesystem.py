"""A file system that fails, or whose process is killed, at a chosen operation."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable
from typing import Any, Literal

import pyarrow as pa
from pyarrow import fs

from connectors.parquet.storage import Storage


class Killed(BaseException):
    """The process is no more."""


def full() -> OSError:
    return OSError(errno.ENOSPC, "No space left on device")


class MortalFiles(fs.FileSystemHandler):  # type: ignore[misc]
    """The local file system, until operation number `dies_at`; then nothing works.

    The operation at which the process dies is not done, or done, or half done, as
    `manner` says (`before`, `after`, `half`): half a file is written, and half a move
    is a copy, as in object stores. Operations that only read are not counted. With
    another `error` the process lives on, and if it `recovers`, so do the files.
    """

    def __init__(
        self,
        dies_at: int | None = None,
        manner: str = "before",
        error: Callable[[], BaseException] = Killed,
        *,
        recovers: bool = False,
    ) -> None:
        self.operations = 0
        self._real = fs.LocalFileSystem()
        self._dies_at, self._manner = dies_at, manner
        self._error, self._recovers = error, recovers
        self._dead = False

    def step(self, do: Any) -> Any:
        """Does one operation, or dies."""
        self.live()
        self.operations += 1
        if self.operations != self._dies_at:
            return do()
        self._dead = not self._recovers
        if self._manner == "after":
            do()
        raise self._error()

    def live(self) -> None:
        if self._dead:
            raise self._error()

    @property
    def dies_now(self) -> bool:
        return self.operations + 1 == self._dies_at and self._manner == "half"

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def get_type_name(self) -> str:
        return "mortal"

    def normalize_path(self, path: str) -> str:
        return str(self._real.normalize_path(path))

    def get_file_info(self, paths: Any) -> Any:
        self.live()
        return self._real.get_file_info(paths)

    def get_file_info_selector(self, selector: Any) -> Any:
        self.live()
        return self._real.get_file_info(selector)

    def create_dir(self, path: str, recursive: bool) -> None:
        self.step(lambda: self._real.create_dir(path, recursive=recursive))

    def delete_file(self, path: str) -> None:
        self.step(lambda: self._real.delete_file(path))

    def move(self, source: str, destination: str) -> None:
        if self.dies_now:
            self._real.copy_file(source, destination)
        self.step(lambda: self._real.move(source, destination))

    def open_input_stream(self, path: str) -> Any:
        self.live()
        return self._real.open_input_stream(path)

    def open_input_file(self, path: str) -> Any:
        self.live()
        return self._real.open_input_file(path)

    def open_output_stream(self, path: str, _metadata: Any) -> Any:
        self.step(lambda: self._write(path, b""))
        return pa.PythonFile(_Stream(self, path), mode="w")

    def close_file(self, path: str, content: bytes) -> None:
        """Writes what a stream collected: all, nothing, or the first half."""
        if self.dies_now:
            self._write(path, content[: len(content) // 2])
        self.step(lambda: self._write(path, content))

    def _write(self, path: str, content: bytes) -> None:
        with self._real.open_output_stream(path) as stream:
            stream.write(content)

    def _not_used(self, *arguments: Any) -> Any:
        raise NotImplementedError

    delete_dir = delete_dir_contents = delete_root_dir_contents = _not_used
    copy_file = open_append_stream = _not_used


class BusyFiles(MortalFiles):
    """Has somebody else do something once new samples are first written, or listed."""

    def __init__(
        self,
        meanwhile: Callable[[], object],
        once: Literal["written", "listed"] = "written",
    ) -> None:
        super().__init__()
        self._meanwhile, self._once = [meanwhile], once

    def close_file(self, path: str, content: bytes) -> None:
        super().close_file(path, content)
        self._now("written", path)

    def get_file_info_selector(self, selector: Any) -> Any:
        found = super().get_file_info_selector(selector)
        self._now("listed", selector.base_dir)
        return found

    def _now(self, what: str, path: str) -> None:
        if what == self._once and "/_incoming/" in path and self._meanwhile:
            self._meanwhile.pop()()


class _Stream(io.BytesIO):
    def __init__(self, files: MortalFiles, path: str) -> None:
        super().__init__()
        self._files, self._path = files, path

    def write(self, content: Any, /) -> int:
        self._files.live()
        return super().write(content)

    def close(self) -> None:
        if not self.closed:
            content = self.getvalue()
            super().close()
            self._files.close_file(self._path, content)


def storage_in(root: str, files: MortalFiles) -> Storage:
    return Storage(root, fs.PyFileSystem(files), root)
