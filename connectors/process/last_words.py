"""The last words of a flow: one line, said before the engine says anything.

Bytewax ends on an exception with lines of its own to standard error, before anybody
hears of the exception. So it is told where the engine calls us, and what comes to
standard error after that is not shown; the log has its own way there.
"""

from __future__ import annotations

import functools
import logging
import os
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from connectors.errors import OrbitwatchError, one_line

# Where the engine calls sources, sinks and their partitions.
_CALLED = ("build_part", "build", "next_batch", "write_batch", "snapshot")

Kind = TypeVar("Kind", bound=type)
Given = ParamSpec("Given")
Result = TypeVar("Result")

_log = logging.getLogger("orbitwatch")


class _LastWords:
    """Whether they were said in this process; only that of a flow has any."""

    def __init__(self) -> None:
        self.were_said = False
        self._has_own_way = False

    def take_own_way(self) -> None:
        """From now on Python's standard error is another handle than the engine's."""
        sys.stderr = os.fdopen(
            os.dup(2), "w", buffering=1, encoding="utf-8", errors="backslashreplace"
        )
        self._has_own_way = True

    def say(self, error: OrbitwatchError) -> None:
        """Says the first error, and has the engine be silent about it."""
        if not self._has_own_way or self.were_said:
            return
        self.were_said = True
        _log.critical("%s", one_line(error))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)


LAST_WORDS = _LastWords()


def says_last_words(kind: Kind) -> Kind:
    """A decorator of what the engine calls: an error of ours is told as it leaves."""
    for name in _CALLED:
        if name in vars(kind):
            setattr(kind, name, _telling(vars(kind)[name]))
    return kind


def _telling(method: Callable[Given, Result]) -> Callable[Given, Result]:
    @functools.wraps(method)
    def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        try:
            return method(*args, **kwargs)
        except OrbitwatchError as error:
            LAST_WORDS.say(error)
            raise

    return call
