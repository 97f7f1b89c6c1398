"""Telemetry from Kafka: each poll as one batch of samples a shard."""

from __future__ import annotations

import time
from collections.abc import Callable

from bytewax.inputs import FixedPartitionedSource
from confluent_kafka import Message
from typing_extensions import override

from connectors.decode.decoder import Decoder
from connectors.decode.refusals import FAULTS, Refusal
from connectors.decode.routing import SHARDS, Route, by_subsystem
from connectors.kafka.fields import content_types, kept_headers, place
from connectors.kafka.partition_progress import Offsets, learnt_positions
from connectors.kafka.refusal_log import RefusalLog
from connectors.kafka.topic_partitions import Messages, Taken, TopicPartitions
from connectors.kafka.unread_partitions import StoredIn
from connectors.messages.polls import NO_POLL, DeadLetter, Poll, Polled
from connectors.messages.samples import ParameterName, Runs
from connectors.process.flow_process import FlowProcess
from connectors.topics import Topic

# A poll without samples is one piece, which any shard may pass on.
_NOTHING = Runs.of([]), 0


class TelemetrySource(FixedPartitionedSource[Polled | DeadLetter, Offsets]):
    """Reads a telemetry topic: each poll as one batch of samples a shard.

    There is one source partition, whatever the number of Kafka partitions, so that a
    process can be given another share of them and still resume from its snapshots.
    A process that is told to stop ends the stream, which makes Bytewax take a last
    snapshot and exit. `route` says which parameters stay together, and `stored` how far
    the database has come: what that lacks is read again.
    """

    def __init__(
        self,
        run: FlowProcess,
        topic: Topic,
        stored: StoredIn,
        identify: Callable[[ParameterName], ParameterName] = lambda name: name,
        route: Route = by_subsystem,
    ) -> None:
        self._run, self._topic, self._stored = run, topic, stored
        self._identify, self._route = identify, route

    @override
    def list_parts(self) -> list[str]:
        return ["telemetry"]

    @override
    def build_part(
        self, step_id: str, for_part: str, resume_state: Offsets | None
    ) -> _TelemetryPartition:
        settings = self._run.settings
        decoder = Decoder(
            settings.future_seconds, self._identify, settings.most_names, self._route
        )
        return _TelemetryPartition(
            self._run, self._topic.name, decoder, resume_state, self._stored
        )


class _TelemetryPartition(TopicPartitions[Polled | DeadLetter]):
    def __init__(
        self,
        run: FlowProcess,
        topic: str,
        decoder: Decoder,
        resume: Offsets | None,
        stored: StoredIn,
    ) -> None:
        super().__init__(run, topic, learnt_positions(resume, topic), stored)
        self._decoder = decoder
        self._polls = 0
        self._refusals = RefusalLog()

    @override
    def _take(self, polled: Messages) -> Taken[Polled | DeadLetter]:
        """Decodes a poll."""
        messages = polled.messages
        decoded = self._decoder.decode(
            [m.value() for m in messages], content_types(messages), polled.times_us
        )
        letters = [
            self._dead_letter(messages[refusal.index], refusal)
            for refusal in decoded.refused
            if not polled.learnt  # else it was told before
        ]
        if messages:
            self._run.metrics.telemetry.read(len(messages), decoded.samples)
        for fault in decoded.faults:
            self._run.metrics.telemetry.fault(fault)
            self._refusals.fault(fault, FAULTS[fault.reason])
        self._refusals.look()
        # The sink waits for every number, and hears of every position.
        self._polls += 1
        pieces = [*zip(decoded.samples, decoded.shards, strict=True)] or [_NOTHING]
        poll = Poll(
            self._polls,
            len(pieces),
            polled.positions,
            int(polled.times_us.min(initial=time.time_ns() // 1000)),
            polled.learnt,
        )
        items = [Polled(samples, poll, shard) for samples, shard in pieces]
        return Taken([*items, *letters], sum(map(len, decoded.samples)))

    @override
    def _idle(self) -> list[Polled | DeadLetter]:
        """Has all shards set their timers anew after the wall clock was set back."""
        self._refusals.look()
        if not self._run.listening.was_set_back():
            return []
        return [Polled(Runs.of([]), NO_POLL, shard) for shard in range(SHARDS)]

    def _dead_letter(self, message: Message, refusal: Refusal) -> DeadLetter:
        self._run.metrics.telemetry.refused(refusal.reason)
        letter = DeadLetter(
            message.value(),
            message.key(),
            self._topic,
            *place(message),
            refusal.reason,
            refusal.detail,
            kept_headers(message),
        )
        self._refusals.refused(letter)
        return letter
