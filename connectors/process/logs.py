"""Log lines through the standard library: one event a line, as text or JSON."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from types import TracebackType

import msgspec

from connectors.errors import OrbitwatchError, one_line

# What the engine says of its snapshots, and what to do about it.
ADVICE = {
    "No recovery partitions found": "the folder given with -r holds no snapshots; make "
    "it ready with `python -m bytewax.recovery FOLDER 1`",
    "recovery directory": "there is no folder as given with -r; make it, and make it "
    "ready with `python -m bytewax.recovery FOLDER 1`",
    "MissingPartitions": "the folder given with -r lacks some of its snapshots",
    "DiskFull": "the disk with the folder given with -r is full; make room and start "
    "again: nothing is lost",
    # As on a full disk, too, where it is a file beside the snapshots that has no room.
    "SystemIoFailure": "the disk with the folder given with -r does not take what is "
    "written; see that it works and has room, and start again: nothing is lost",
}

_log = logging.getLogger("orbitwatch")


class _TextLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC)
        stamp = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return f"{stamp} {record.levelname} {record.name} {_event(record)}"


class _JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "logger": record.name,
            "message": _event(record),
        }
        return msgspec.json.encode(line).decode()


def _event(record: logging.LogRecord) -> str:
    """The message with its exception, if any, on one line."""
    text = record.getMessage()
    if record.exc_info:
        text += " | " + logging.Formatter().formatException(record.exc_info)
    return text.replace("\r", "").replace("\n", " | ")


def configure(log_format: str, log_level: str) -> None:
    """Sends all log lines to standard error, in the given format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLine() if log_format == "json" else _TextLine())
    logging.basicConfig(handlers=[handler], level=log_level, force=True)


def log_last_words(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """A `sys.excepthook`: what an operator can act on is one line, without traceback.

    The engine wraps an exception of ours in its own; the cause is what counts.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OrbitwatchError):
            _log.critical("%s", one_line(cause))
            return
        cause = cause.__cause__ or cause.__context__
    for words, advice in ADVICE.items():
        if words in f"{kind.__name__}: {error}":
            _log.critical("%s (%s)", advice, one_line(error))
            return
    if issubclass(kind, KeyboardInterrupt):
        _log.critical("interrupted")
        return
    _log.critical("unexpected %s", kind.__name__, exc_info=(kind, error, trace))
