"""What the Kafka client says to a property that it cannot use, told to the operator."""

from __future__ import annotations

from confluent_kafka import KafkaException

from connectors.errors import SettingsError, one_line
from connectors.settings import Settings, kafka_variable

REFUSED = (KafkaException, TypeError, ValueError)
"""What a client raises when it is made with such a property."""


def refused_property(settings: Settings, error: Exception) -> SettingsError:
    """The error that names the setting, where librdkafka names its property."""
    problem = error.args[0].str() if isinstance(error, KafkaException) else error
    names = [name for name in settings.kafka_properties if name in str(problem)]
    keys = [kafka_variable(name) for name in names or ["*"]]
    return SettingsError(", ".join(keys), one_line(problem))
