"""Kafka's administration client: it asks about topics, and makes them."""

from __future__ import annotations

from typing import Any

from confluent_kafka.admin import AdminClient

from connectors.kafka.reachability import ClientLog, reachability_of
from connectors.kafka.refused_property import REFUSED, refused_property
from connectors.settings import Settings


def admin_client(settings: Settings) -> AdminClient:
    """A client for questions about topics.

    Raises SettingsError for a property librdkafka refuses.
    """
    properties: dict[str, Any] = {
        "bootstrap.servers": settings.kafka,
        **settings.kafka_properties,
    }
    # Its own lines about each attempt would stand between the user and the reason.
    quiet = ClientLog(reachability_of(settings.kafka))
    try:
        return AdminClient(properties, logger=quiet)
    except REFUSED as error:
        raise refused_property(settings, error) from None
