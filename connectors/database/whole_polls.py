"""Puts polls together again that were cut into pieces on their way.

With one worker the pieces of a poll arrive together. With several they arrive one by
one, in any order, mixed with those of other polls; only the pieces of one parameter
keep their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connectors.messages.polls import Poll, ToStore

# Sources number the polls that have pieces 1, 2, 3, ...
FIRST_NUMBER = 1


@dataclass(frozen=True, slots=True)
class Batch:
    """What can be stored now.

    `polls` are whole polls with their pieces; `settled` are polls, stored with these or
    before, with nothing missing before them: their positions hold. `timely` came by a
    timer and belongs to no poll.
    """

    polls: Sequence[tuple[Poll, Sequence[ToStore]]]
    settled: Sequence[Poll]
    timely: Sequence[ToStore] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to store."""
        return bool(self.polls or self.settled or self.timely)


class WholePolls:
    """Waits for the pieces of polls, and gives out whole polls in their order."""

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[Poll, list[ToStore]]] = {}
        self._timely: list[ToStore] = []
        self._unsettled: dict[int, Poll] = {}
        self._next_number = FIRST_NUMBER

    def add(self, pieces: Iterable[ToStore]) -> None:
        """Takes pieces in order of arrival."""
        for piece in pieces:
            if piece.poll is None:
                self._timely.append(piece)
                continue
            _, found = self._waiting.setdefault(piece.poll.number, (piece.poll, []))
            found.append(piece)

    def take(self) -> Batch:
        """The whole polls, up to the first that lacks pieces.

        A poll nothing was seen of yet may still lie before these. It has no parameter
        in common with them, as its piece of that would have arrived first: so they can
        be stored, but their positions do not hold before it is stored too.
        """
        polls: list[tuple[Poll, list[ToStore]]] = []
        for number in sorted(self._waiting):
            poll, pieces = self._waiting[number]
            if len(pieces) < poll.pieces:
                break
            polls.append(self._waiting.pop(number))
            self._unsettled[number] = poll
        timely, self._timely = tuple(self._timely), []
        return Batch(polls, self._settle(), timely)

    def take_all(self) -> Batch:
        """The same at the end of an epoch, when all pieces have arrived.

        Raises RuntimeError if some have not: a step of the flow lost them.
        """
        batch = self.take()
        for number, (poll, pieces) in self._waiting.items():
            raise RuntimeError(
                f"poll {number} has {len(pieces)} of {poll.pieces} pieces at "
                "the end of its epoch: a step of the flow drops or delays samples"
            )
        # Numbers that are missing now belong to polls without pieces.
        rest = [self._unsettled[number] for number in sorted(self._unsettled)]
        if rest:
            self._next_number = rest[-1].number + 1
            self._unsettled.clear()
        return Batch(batch.polls, [*batch.settled, *rest], batch.timely)

    def _settle(self) -> list[Poll]:
        settled = []
        while self._next_number in self._unsettled:
            settled.append(self._unsettled.pop(self._next_number))
            self._next_number += 1
        return settled
