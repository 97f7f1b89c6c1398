"""What there is to draw in a panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.provisioning.grafana.questions import Json
from tests.provisioning.grafana.results import Rows


@dataclass(frozen=True, slots=True)
class Mark:
    """An annotation: something that was from one time to another, or at one."""

    since: datetime
    until: datetime
    colour: str


@dataclass(frozen=True, slots=True)
class Content:
    """A panel, what its queries found, and the range of time that is shown."""

    panel: Json
    found: Sequence[Rows]
    since: datetime
    until: datetime
    marks: Sequence[Mark] = ()
