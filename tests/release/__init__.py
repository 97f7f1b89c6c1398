"""A release: `python -m tests.release`, which `make release` runs."""

from dataclasses import dataclass


class NotReadyError(Exception):
    """What keeps a release from being made; `str(error)` is for the maintainer."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps a release from being made.

    Until the day of the release some things are as they should be: those `may_wait`.
    """

    text: str
    may_wait: bool = False
