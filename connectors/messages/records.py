"""Rows for the tables of single systems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Records:
    """Rows for a table of one system: `columns` in order, None for NULL.

    A row whose `key` is there already changes nothing; where there is a column
    `revision`, unless it has a higher one.
    """

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
