"""The exceptions of Orbitwatch, each telling the operator what to do.

OrbitwatchError
 +-- SettingsError          a setting, file or argument is wrong; nothing was started
 +-- ServiceUnavailable     Kafka or the database cannot be reached or used
 |    +-- KafkaUnavailable
 |    +-- DatabaseUnavailable
 |    +-- ArchiveUnavailable
 |    +-- OpenNotifyUnavailable
 +-- TopicMissing           a topic has not been created
 +-- TopicReplaced          a topic was deleted and created again while it was read
 +-- SchemaOutdated         the database lacks migrations
 +-- DatabaseWentBack       the database lost what was stored in it
 +-- OffsetLost             Kafka no longer holds what the flow has to read next
 +-- LogCut                 Kafka lost messages, and does not tell which are new
 +-- RecoveryUnusable       the recovery folder cannot be read or written
 +-- StateFolderTaken       the recovery folder is of another flow, or in use
 +-- StateUnreadable        what is in it is of another version, or damaged
 +-- DeliveryFailed         Kafka did not confirm a message of ours
 +-- ClockOff               this machine's clock is not that of the database's
 +-- NoCompileCache         what is compiled cannot be kept

Bad telemetry is never an exception: it goes to the dead-letter topic.
"""

from pathlib import Path

from connectors.messages.times import moment


class OrbitwatchError(Exception):
    """A problem an operator can act on; `str(error)` is one line for the log."""


class SettingsError(OrbitwatchError):
    """A setting is missing or wrong; `key` names it."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}")
        self.key, self.problem = key, problem


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


class TopicReplaced(OrbitwatchError):
    """A topic is another log than the one that was being read."""

    def __init__(self, topic: str) -> None:
        super().__init__(
            f"topic {topic} was deleted and created again while it was read; start "
            "again: the new one is read from its beginning, and nothing is left out"
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


class DatabaseWentBack(OrbitwatchError):
    """The database lacks what it had taken from this process."""

    def __init__(self, address: str, topic: str, partition: int, offset: int) -> None:
        super().__init__(
            f"{address} lost what was stored in it: {topic}[{partition}] was stored up "
            f"to offset {offset}, and is not any more (a standby that lagged has taken "
            "over, or a backup was restored); start again: what it lacks is read from "
            "Kafka again"
        )


class OffsetLost(OrbitwatchError):
    """The next offset to read is outside what Kafka holds."""

    def __init__(
        self,
        topic: str,
        partition: int,
        offset: int,
        held: tuple[int, int],
        between_us: tuple[int, int] = (0, 0),
    ) -> None:
        oldest, end = held
        since_us, until_us = between_us
        since = f" after {_shown(since_us)}" if since_us else ""
        until = f" before {_shown(until_us)}" if until_us else ""
        super().__init__(
            f"Kafka no longer has {topic}[{partition}] offset {offset}, where this "
            f"flow has to go on (it holds {oldest} to {end}); the {oldest - offset} "
            f"messages from {offset} to {oldest - 1}, which came{since}{until}, are "
            "lost. To go on from the oldest message Kafka has, start once with "
            "ORBITWATCH_LOST_OFFSET=earliest"
        )
        self.topic, self.partition, self.offset = topic, partition, offset


class LogCut(OrbitwatchError):
    """Kafka holds less than was read, and does not tell old messages from new."""

    def __init__(self, topic: str, partition: int, end: int, advice: str) -> None:
        super().__init__(
            f"Kafka lost messages of {topic}[{partition}], which it holds up to offset "
            f"{end} only, and nothing tells what it has written since from what was "
            f"read before; {advice}"
        )
        self.topic, self.partition = topic, partition


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


class StateFolderTaken(OrbitwatchError):
    """The recovery folder is another flow's, or another process is using it."""

    def __init__(self, folder: Path, problem: str) -> None:
        super().__init__(
            f"the recovery folder {folder} (-r) cannot be had: {problem}; give each "
            "flow, and each process of one, a folder of its own (made with `python -m "
            "bytewax.recovery FOLDER 1`)"
        )
        self.folder = folder


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


def _shown(time_us: int) -> str:
    return moment(time_us).isoformat(timespec="seconds")


def one_line(text: object) -> str:
    """`text` with every run of white space made one blank, for log lines."""
    return " ".join(str(text).split())
