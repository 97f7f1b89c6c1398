"""Telemetry from Kafka: each poll as one batch of samples a shard."""

from __future__ import annotations

from collections.abc import Callable

from bytewax.inputs import FixedPartitionedSource
from confluent_kafka import Message
from typing_extensions import override

from connectors.decode.decoder import Decoder
from connectors.decode.refusals import Refusal
from connectors.kafka.fields import content_types, place, reach, times_us_of
from connectors.kafka.topic_partitions import Offsets, TopicPartitions
from connectors.messages.polls import DeadLetter, Poll, Polled
from connectors.messages.samples import ParameterName
from connectors.process.flow_process import FlowProcess
from connectors.topics import Topic


class TelemetrySource(FixedPartitionedSource[Polled | DeadLetter, Offsets]):
    """Reads a telemetry topic: each poll as one batch of samples a shard.

    There is one source partition, whatever the number of Kafka partitions, so that a
    process can be given another share of them and still resume from its snapshots.
    A process that is told to stop ends the stream, which makes Bytewax take a last
    snapshot and exit.
    """

    def __init__(
        self,
        run: FlowProcess,
        topic: Topic,
        identify: Callable[[ParameterName], ParameterName] = lambda name: name,
    ) -> None:
        self._run, self._topic, self._identify = run, topic, identify

    @override
    def list_parts(self) -> list[str]:
        return ["telemetry"]

    @override
    def build_part(
        self, step_id: str, for_part: str, resume_state: Offsets | None
    ) -> _TelemetryPartition:
        settings = self._run.settings
        decoder = Decoder(settings.future_seconds, self._identify, settings.most_names)
        return _TelemetryPartition(self._run, self._topic.name, decoder, resume_state)


class _TelemetryPartition(TopicPartitions[Polled | DeadLetter]):
    def __init__(
        self, run: FlowProcess, topic: str, decoder: Decoder, resume: Offsets | None
    ) -> None:
        super().__init__(run, topic, resume)
        self._decoder = decoder
        self._polls = 0

    @override
    def _take(self, messages: list[Message]) -> list[Polled | DeadLetter]:
        """Decodes a poll and notes how far it goes."""
        times_us = times_us_of(messages)
        positions = self.advance(reach(messages, times_us))
        decoded = self._decoder.decode(
            [m.value() for m in messages], content_types(messages), times_us
        )
        # Only polls with samples count: the sink waits for every number.
        self._polls += bool(decoded.samples)
        poll = Poll(self._polls, len(decoded.samples), positions, int(times_us.min()))
        self._run.metrics.read(len(messages), decoded.samples)
        self.plan_next_poll(len(messages), sum(map(len, decoded.samples)))
        letters = [
            self._dead_letter(messages[refusal.index], refusal)
            for refusal in decoded.refused
        ]
        return [Polled(samples, poll) for samples in decoded.samples] + letters

    def _dead_letter(self, message: Message, refusal: Refusal) -> DeadLetter:
        self._run.metrics.refused(refusal.reason)
        return DeadLetter(
            message.value(),
            message.key(),
            self._topic,
            *place(message),
            refusal.reason,
            refusal.detail,
        )
