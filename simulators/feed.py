"""Packets into Kafka: encoded, sent in batches, every delivery confirmed or counted."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import datetime

import numpy as np
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connectors.errors import KafkaUnavailable, one_line
from connectors.kafka.clients import client_properties, consumer, partitions_of
from connectors.kafka.refused_property import REFUSED, refused_property
from connectors.messages.samples import ParameterName, Samples
from connectors.messages.times import microseconds
from connectors.messages.wire import (
    ARROW_CONTENT_TYPE,
    Packet,
    encode_arrow,
    encode_packet,
)
from connectors.settings import Settings
from connectors.topics import Topic

QUEUED_MESSAGES = 100_000
QUEUED_KILOBYTES = 65_536
# Longer, and an operator takes a dead broker for a slow one.
DELIVERY_MS = 30_000
POLL_EVERY = 256

Headers = list[tuple[str, str | bytes | None]]
ARROW_HEADERS: Headers = [("content-type", ARROW_CONTENT_TYPE)]


class Feed:
    """Sends packets to a topic, and counts them.

    `event_time` is how far it is: the generation time of the latest packet. Packets of
    one key stay in order. With `bulk_packets` above 1, that many packets of a key
    travel as one Arrow message, which has no place for their context.

    Raises KafkaUnavailable, TopicMissing or SettingsError when it cannot start.
    """

    def __init__(self, settings: Settings, topic: Topic, bulk_packets: int = 1) -> None:
        self.packets = 0
        self.samples = 0
        self.event_time: datetime | None = None
        self.undelivered = 0
        self._address = settings.kafka
        self._topic = topic.name
        self._bulk_packets = bulk_packets
        self._bulks: defaultdict[str, list[Packet]] = defaultdict(list)
        self._problem = ""
        # What goes wrong is said once, by us.
        logging.getLogger("orbitwatch").setLevel(logging.CRITICAL)
        reader = consumer(settings)
        try:
            partitions_of(reader, settings, topic.name)
        finally:
            reader.close()
        self._producer = _producer(settings, topic)

    @property
    def failed(self) -> bool:
        """Whether Kafka refused a message: there is no use in sending more."""
        return self.undelivered > 0

    def send(self, packet: Packet) -> None:
        """Takes the packet; waits while too much is on its way."""
        self.packets += 1
        self.samples += len(packet.values)
        if self._bulk_packets > 1:
            bulk = self._bulks[packet.key]
            bulk.append(packet)
            if len(bulk) >= self._bulk_packets:
                self._send_bulk(packet.key)
        else:
            self._produce(packet.key, encode_packet(packet), None)
            # A sequence count, which the bulk form lacks, is stored as a parameter.
            self.samples += packet.sequence is not None
        self.event_time = packet.generation_time
        if self.packets % POLL_EVERY == 0:
            self._producer.poll(0)

    def finish(self, timeout_s: float = DELIVERY_MS / 1000 + 5) -> None:
        """Sends what is left; raises KafkaUnavailable if not all was delivered."""
        for key in list(self._bulks):
            self._send_bulk(key)
        if self.failed:
            # What is still on its way would only fail later.
            self._producer.purge()
        left = self._producer.flush(timeout_s)
        if left or self.undelivered:
            count = self.undelivered + left
            reason = self._problem or "Kafka does not answer"
            problem = f"{count} messages were not delivered: {reason}"
            raise KafkaUnavailable(self._address, problem)

    def _send_bulk(self, key: str) -> None:
        bulk = self._bulks.pop(key)
        self._produce(key, encode_arrow(columns(bulk)), ARROW_HEADERS)

    def _produce(self, key: str, value: bytes, headers: Headers | None) -> None:
        while not self.failed:
            try:
                self._producer.produce(
                    self._topic,
                    value=value,
                    key=key,
                    headers=headers,
                    on_delivery=self._delivered,
                )
                return
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                self._fail(error.args[0])

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._fail(error)

    def _fail(self, error: KafkaError) -> None:
        self.undelivered += 1
        self._problem = self._problem or one_line(error.str())


def columns(packets: list[Packet]) -> list[Samples]:
    """The same values, one run of samples a parameter."""
    times_us: defaultdict[ParameterName, list[int]] = defaultdict(list)
    values: defaultdict[ParameterName, list[float]] = defaultdict(list)
    for packet in packets:
        time_us = microseconds(packet.generation_time)
        for parameter, value in packet.values.items():
            name = ParameterName(packet.spacecraft, packet.subsystem or "", parameter)
            times_us[name].append(time_us)
            values[name].append(np.nan if value is None else value)
    return [
        Samples(name, np.array(times_us[name], np.int64), np.array(values[name], float))
        for name in values
    ]


def _producer(settings: Settings, topic: Topic) -> Producer:
    properties = {
        "enable.idempotence": True,
        "linger.ms": 20,
        "batch.size": 1_000_000,
        "compression.type": "lz4",
        "queue.buffering.max.messages": QUEUED_MESSAGES,
        "queue.buffering.max.kbytes": QUEUED_KILOBYTES,
        "message.max.bytes": topic.largest_message_bytes,
        "delivery.timeout.ms": DELIVERY_MS,
        **client_properties(settings),
    }
    try:
        return Producer(properties)
    except REFUSED as error:
        raise refused_property(settings, error) from None
