"""A step that fails leaves one line, without the engine's own panic text before it.

Bytewax turns what a step raises into a panic, which Rust writes to standard error by
itself: "panicked at src/outputs.rs ... Box<dyn Any>". Nothing in Python sees that.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from connectors.errors import OrbitwatchError
from connectors.process.logs import log_last_words

STANDARD_ERROR = 2

Given = ParamSpec("Given")
Made = TypeVar("Made")

_lock = threading.Lock()


def ends_in_one_line(step: Callable[Given, Made]) -> Callable[Given, Made]:
    """A method that the engine calls, which may raise OrbitwatchError.

    The process of a flow ends then, and from that moment on only the log and Python
    write to its standard error. What is not ours is told with all there is.
    """

    @wraps(step)
    def called(*arguments: Given.args, **named: Given.kwargs) -> Made:
        try:
            return step(*arguments, **named)
        except OrbitwatchError:
            # Elsewhere, such as in a test, nobody would tell it in one line.
            if sys.excepthook is log_last_words:
                _keep_to_ourselves()
            raise

    return called


def _keep_to_ourselves() -> None:
    """Has the log and Python go on with standard error, and nobody else."""
    with _lock:
        before = sys.stderr
        if before.fileno() != STANDARD_ERROR:
            return
        ours = os.fdopen(os.dup(STANDARD_ERROR), "w", 1, errors="backslashreplace")
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is before:
                handler.setStream(ours)
        sys.stderr = ours
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, STANDARD_ERROR)
        os.close(nowhere)
