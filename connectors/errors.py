"""The exceptions of Orbitwatch, each telling the operator what to do.

OrbitwatchError
 +-- SettingsError          a setting, file or argument is wrong; nothing was started
 +-- ServiceUnavailable     Kafka or the database cannot be reached or used
 |    +-- KafkaUnavailable
 |    +-- DatabaseUnavailable
 |    +-- ArchiveUnavailable
 |    +-- OpenNotifyUnavailable
 +-- TopicMissing           a topic has not been created
 +-- SchemaOutdated         the database lacks migrations
 +-- OffsetLost             Kafka no longer holds what the flow has to read next
 +-- RecoveryUnusable       the recovery folder cannot be read or written
 +-- StateUnreadable        what is in it is of another version, or damaged
 +-- DeliveryFailed         Kafka did not confirm a message of ours
 +-- ClockOff               this machine's clock is not that of the database's
 +-- NoCompileCache         what is compiled cannot be kept

Bad telemetry is never an exception: it goes to the dead-letter topic.
"""

from pathlib import Path


class OrbitwatchError(Exception):
    """A problem an operator can act on; `str(error)` is one line for the log."""


class SettingsError(OrbitwatchError):
    """A setting is missing or wrong; `key` names it."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}")
        self.key = key


class ServiceUnavailable(OrbitwatchError):
    """A service named by a setting cannot be reached or used."""

    setting = ""

    def __init__(self, address: str, problem: str) -> None:
        super().__init__(f"{self.setting}={address}: {one_line(problem)}")
        self.address = address


class KafkaUnavailable(ServiceUnavailable):
    """The broker does not answer, or refuses us."""

    setting = "ORBITWATCH_KAFKA"


class DatabaseUnavailable(ServiceUnavailable):
    """The database does not answer, or refuses us."""

    setting = "ORBITWATCH_DATABASE"


class ArchiveUnavailable(ServiceUnavailable):
    """The archive cannot be read or written."""

    setting = "ORBITWATCH_ARCHIVE"


class OpenNotifyUnavailable(ServiceUnavailable):
    """Open Notify tells no position; `retry_after_s` is how long it asked for."""

    setting = "ORBITWATCH_OPEN_NOTIFY"

    def __init__(
        self, address: str, problem: str, retry_after_s: float | None = None
    ) -> None:
        super().__init__(address, problem)
        self.retry_after_s = retry_after_s


class TopicMissing(OrbitwatchError):
    """A topic that is read or written does not exist."""

    def __init__(self, topic: str) -> None:
        super().__init__(
            f"topic {topic} does not exist; create the topics with "
            "`python -m connectors.topics`"
        )
        self.topic = topic


class SchemaOutdated(OrbitwatchError):
    """The database lacks migrations this version needs."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(
            f"the database lacks {', '.join(missing)}; apply migrations with "
            "`python -m connectors.migrate`"
        )
        self.missing = missing


class OffsetLost(OrbitwatchError):
    """The next offset to read is outside what Kafka holds."""

    def __init__(
        self, topic: str, partition: int, offset: int, held: tuple[int, int]
    ) -> None:
        oldest, end = held
        super().__init__(
            f"Kafka no longer has {topic}[{partition}] offset {offset}, where this "
            f"flow has to go on (it holds {oldest} to {end}); what lies between is "
            "lost. To go on from the oldest message Kafka has, start once with "
            "ORBITWATCH_LOST_OFFSET=earliest"
        )
        self.topic, self.partition, self.offset = topic, partition, offset


class RecoveryUnusable(OrbitwatchError):
    """A file of the recovery folder cannot be read or written."""

    def __init__(self, file: Path, problem: str) -> None:
        super().__init__(
            f"{file} of the recovery folder (-r) cannot be used: {one_line(problem)}; "
            "start again once its disk has room and it may be written (nothing is "
            "lost); if it is damaged, start with an empty folder (what is stored "
            "already is not stored again, but the detectors learn anew)"
        )
        self.file = file


class StateUnreadable(OrbitwatchError):
    """What a step of the flow kept in the recovery folder cannot be read."""

    def __init__(self, step: str, problem: str) -> None:
        super().__init__(
            f"the recovery folder (-r) holds a state of {step} that cannot be read: "
            f"{one_line(problem)}; start with an empty one (what is stored already is "
            "not stored again, but the detectors learn anew)"
        )


class DeliveryFailed(OrbitwatchError):
    """Kafka did not confirm a message, so it may be lost; `advice` says what now."""

    def __init__(self, topic: str, problem: str, advice: str) -> None:
        super().__init__(
            f"Kafka did not take a message for {topic}: {one_line(problem)}. {advice}"
        )
        self.topic, self.problem = topic, problem


class ClockOff(OrbitwatchError):
    """This machine's clock and the database's differ, which spoils what is timed."""

    def __init__(self, ahead_s: float) -> None:
        way = "ahead of" if ahead_s > 0 else "behind"
        super().__init__(
            f"this machine's clock is {abs(ahead_s):.0f} s {way} the database's; keep "
            "both in time (chrony, systemd-timesyncd): staleness and latencies go by it"
        )
        self.ahead_s = ahead_s


class NoCompileCache(OrbitwatchError):
    """Each start compiles, which takes up to a minute."""

    def __init__(self) -> None:
        super().__init__(
            "no folder for what is compiled can be written, so each start compiles (up "
            "to a minute); set NUMBA_CACHE_DIR to one that can"
        )


def one_line(text: object) -> str:
    """`text` with every run of white space made one blank, for log lines."""
    return " ".join(str(text).split())
