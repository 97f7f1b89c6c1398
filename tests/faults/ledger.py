"""What Kafka confirmed: the messages of each topic there was, by where they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeAlias

from tests.faults.telemetry import Sample, Sent

Partitions: TypeAlias = dict[int, dict[int, Sent]]


@dataclass(slots=True)
class Ledger:
    """Messages by the topic's life (it may be deleted and created), partition, offset.

    `unread` are the lives that ended before all had been read.
    """

    lives: list[Partitions] = field(default_factory=lambda: [{}])
    unread: set[int] = field(default_factory=set)

    def confirm(self, life: int, partition: int, offset: int, sent: Sent) -> None:
        """Kafka has it."""
        self.lives[life].setdefault(partition, {})[offset] = sent

    def end_life(self, *, all_read: bool) -> None:
        """The topic was deleted; what comes goes to a new one."""
        if not all_read:
            self.unread.add(len(self.lives) - 1)
        self.lives.append({})

    def samples(self) -> int:
        """How many were confirmed."""
        return sum(len(sent.samples) for sent in self._sent())

    def confirmed(self, first_life: int = 0) -> set[Sample]:
        """All samples that were confirmed, from that life on."""
        return {sample for sent in self._sent(first_life) for sample in sent.samples}

    def _sent(self, first_life: int = 0) -> Iterator[Sent]:
        """All messages; more may be confirmed meanwhile, by another thread."""
        for life in self.lives[first_life:]:
            for by_offset in [*life.values()]:
                yield from [*by_offset.values()]

    def kept(self, is_there: Callable[[Sample], bool]) -> Kept:
        """What must be there: all but the unread ends of topics that were deleted.

        Of such a topic the rest of a partition may be missing, from some message on.
        """
        messages: list[tuple[int, Sent]] = []
        given_up = 0
        for number, life in enumerate([*self.lives]):
            for partition, by_offset in sorted([*life.items()]):
                # A copy: more may be confirmed meanwhile, by another thread.
                sent = [one for _, one in sorted([*by_offset.items()], key=_offset)]
                end = len(sent)
                if number in self.unread:
                    end = _end_of_what_is_there(sent, is_there)
                messages += [(partition, one) for one in sent[:end]]
                given_up += sum(len(one.samples) for one in sent[end:])
        return Kept(messages, given_up)


@dataclass(frozen=True, slots=True)
class Kept:
    """Messages with their partitions, in order; and how many samples were given up."""

    messages: list[tuple[int, Sent]]
    given_up: int

    @property
    def samples(self) -> Iterator[Sample]:
        """All samples of the messages."""
        return chain.from_iterable(sent.samples for _, sent in self.messages)


def _offset(at: tuple[int, Sent]) -> int:
    return at[0]


def _end_of_what_is_there(sent: list[Sent], is_there: Callable[[Sample], bool]) -> int:
    """After the last message of which something is there."""
    for number in range(len(sent), 0, -1):
        if any(map(is_there, sent[number - 1].samples)):
            return number
    return 0
