"""Where a partition is read on, by all who know how far it was read.

What was read is known to the state folder (what the detectors learnt) and to what is
stored (database or archive); what there is to read, to Kafka. Any of them may have been
replaced, restored from a backup, or cut short since.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from connectors.kafka.topic_log import Held
from connectors.messages.polls import UNTOLD_EPOCH, Position


class Why(Enum):
    """Why a partition is not simply read on where it was left."""

    ANOTHER_LOG = (
        "the topic is another one than was read before (created anew, or in another "
        "cluster): it is read from its beginning"
    )
    CUT = (
        "Kafka lost messages that were read before: what it holds is read again, to "
        "find those that it has written since"
    )
    CUT_UNTOLD = "Kafka lost messages, and nothing tells new ones from old ones"
    STORED_LESS = (
        "less is stored than was read before (a backup was restored, or the database "
        "is a new one): what it lacks is read again, and stored without new judgement"
    )


@dataclass(frozen=True, slots=True)
class Start:
    """Where to go on: at `offset`; what is not as it was left, if anything.

    Up to `learnt` the flow has learnt from this log. `leader_epoch` is that of the
    message before `offset`. Messages from `lost_from` to `offset` were not stored, and
    Kafka has dropped them.
    """

    offset: int
    learnt: Position | None = None
    leader_epoch: int = UNTOLD_EPOCH
    why: Why | None = None
    lost_from: int | None = None


def where_to_go_on(
    held: Held, learnt: Position | None, stored: Position | None
) -> Start:
    """The start of a partition that was learnt from and stored up to these positions.

    Nothing that Kafka holds is left out: what was stored and not learnt is read to be
    learnt, what was learnt and not stored to be stored.
    """
    mine, kept = _of_log(held, learnt), _of_log(held, stored)
    if _is_cut(held, mine, kept):
        why = _cut(*(at for at in (mine, kept) if at))
        return Start(held.oldest, mine, why=why, lost_from=_lost_from(held, kept))
    if mine is None:
        another = learnt is not None or (stored is not None and kept is None)
        return Start(
            held.oldest,
            why=Why.ANOTHER_LOG if another else None,
            lost_from=_lost_from(held, kept),
        )
    if kept is None:
        return Start(
            held.oldest,
            mine,
            why=Why.STORED_LESS if held.oldest < mine.next_offset else None,
            lost_from=_lost_from(held, mine),
        )
    if kept.covers(mine):
        return _from(held, mine, mine, None)
    return _from(held, kept, mine, Why.STORED_LESS)


def where_to_start_over(held: Held, read: Position, learnt: Position) -> Start:
    """The start of a partition that Kafka does not have what to read next of."""
    lost_from = _lost_from(held, read)
    if lost_from is not None:
        return Start(held.oldest, learnt, lost_from=lost_from)
    return Start(held.oldest, learnt, why=_cut(learnt))


def _cut(*known: Position) -> Why:
    told = all(position.leader_epoch != UNTOLD_EPOCH for position in known)
    return Why.CUT if told else Why.CUT_UNTOLD


def _of_log(held: Held, position: Position | None) -> Position | None:
    """The position if it is one in the log that Kafka has now."""
    if position is None or not position.log.may_be(held.log):
        return None
    return position


def _is_cut(held: Held, mine: Position | None, kept: Position | None) -> bool:
    """Whether Kafka holds less than was read of it, or once did."""
    if any(at.next_offset > held.end for at in (mine, kept) if at):
        return True
    if mine is None or kept is None:
        return False
    # The one that is further has lower offsets: it was there after the cut.
    return kept.covers(mine) != (kept.next_offset >= mine.next_offset)


def _from(held: Held, at: Position, mine: Position, why: Why | None) -> Start:
    lost_from = _lost_from(held, at)
    if lost_from is not None:
        return Start(held.oldest, mine, why=why, lost_from=lost_from)
    return Start(at.next_offset, mine, at.leader_epoch, why)


def _lost_from(held: Held, at: Position | None) -> int | None:
    return at.next_offset if at and at.next_offset < held.oldest else None
