"""All settings, read once from the environment. Nothing else reads `os.environ`."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from connectors.errors import SettingsError

PREFIX = "ORBITWATCH_"
KAFKA_PREFIX = "ORBITWATCH_KAFKA_"
# More than most missions have; with so many a flow took 660 to 880 MB.
MOST_PARAMETERS = 20_000
LOOPBACK = "127.0.0.1"
# The only address on which Bytewax can serve metrics.
ALL_INTERFACES = "0.0.0.0"  # noqa: S104 - only if asked for
_BYTEWAX_SERVES = "BYTEWAX_DATAFLOW_API_ENABLED"

# What Kubernetes gives to each container for each Service of its namespace.
_LINK = re.compile(
    "_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?)$"
)
_LINKED_ADDRESS = re.compile("(tcp|udp|sctp)://", re.IGNORECASE)

# A checkout, or the folder a wheel was installed into.
_INSTALLED = Path(__file__).resolve().parents[1]

# Delivery depends on these, so nobody may change them from outside.
_OWN_KAFKA_PROPERTIES = frozenset(
    {
        "bootstrap.servers",
        "group.id",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.partition.eof",
        "auto.offset.reset",
        "enable.idempotence",
        "acks",
    }
)


def _number(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a number") from None
        if not low <= number <= high:
            raise ValueError(f"{text} is not between {low:g} and {high:g}")
        return number

    return parse


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 10_000_000:
        raise ValueError(f"{text!r} is not a number from 1 to 10000000")
    return int(text)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise ValueError(f"{text!r} is not a port number (1 to 65535)")
    return int(text)


def _address(text: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        if not re.fullmatch(r"(?=.*[A-Za-z])[\w-]+(\.[\w-]+)*", text, re.ASCII):
            raise ValueError(f"{text!r} is no address of this machine") from None
    return text


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"{text!r} is not one of {', '.join(choices)}")
        return text

    return parse


def _partitions(text: str) -> tuple[int, ...]:
    """`0-3,7` as sorted partition numbers; nothing means all of them."""
    numbers: set[int] = set()
    for piece in filter(None, (piece.strip() for piece in text.split(","))):
        low, dash, high = piece.partition("-")
        if not low.isdigit() or (dash and not high.isdigit()):
            raise ValueError(f"{piece!r} is not a partition or a range such as 0-3")
        first, last = int(low), int(high or low)
        if not first <= last < 100_000:
            raise ValueError(f"{piece!r} is not a range that rises")
        numbers.update(range(first, last + 1))
    return tuple(sorted(numbers))


# What may hold a password is not quoted: errors go to logs.


def _addresses(text: str) -> str:
    addresses = text.split(",")
    for place, address in enumerate(addresses, start=1):
        host, colon, port = address.strip().rpartition(":")
        if not (host and colon and port.isdigit()) or "@" in host:
            raise ValueError(f"address {place} of {len(addresses)} is not host:port")
    return text


def _database(text: str) -> str:
    if urlsplit(text).scheme not in {"postgresql", "postgres"} and "=" not in text:
        raise ValueError("not a PostgreSQL address (postgresql://user@host:5432/name)")
    return text


def _web_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError("not a web address (http://host/path)")
    return text


def _archive(text: str) -> str:
    scheme, colon, rest = text.partition("://")
    if not text or (colon and (scheme not in {"file", "s3", "gs"} or not rest)):
        raise ValueError("not a folder, nor a URL such as s3://bucket/folder")
    return text


def _provided(name: str) -> Path:
    """What Orbitwatch brings: below the working directory, or else as installed."""
    here = Path(name)
    return here if here.exists() else _INSTALLED / name


def _setting(
    default: str,
    parse: Callable[[str], Any],
    meaning: str,
    find: Callable[[str], Any] | None = None,
) -> Any:
    """A field of Settings; `find`, if given, makes the default of its text."""
    return field(
        default_factory=lambda: (find or parse)(default),
        metadata={"default": default, "parse": parse, "meaning": meaning},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting; the field `kafka` is the variable ORBITWATCH_KAFKA, and so on."""

    kafka: str = _setting(
        "localhost:9092", _addresses, "Kafka brokers, `host:port`, comma-separated"
    )
    database: str = _setting(
        "postgresql://localhost:5432/orbitwatch",
        _database,
        "PostgreSQL or TimescaleDB, as a `postgresql://` address",
    )
    archive: str = _setting(
        "archive",
        _archive,
        "where telemetry is archived: a folder, or a URL such as `s3://bucket/folder`",
    )
    archive_megabytes: float = _setting(
        "128",
        _number(1, 65_536),
        "files are written to the archive once this much telemetry is in memory, at 20 "
        "bytes a sample (in files it is about a fourth of that) and 250 a parameter",
    )
    archive_seconds: float = _setting(
        "300",
        _number(1, 86_400),
        "files are written to the archive at least this often",
    )
    partitions: tuple[int, ...] = _setting(
        "",
        _partitions,
        "this process's share of the partitions, such as `0-3` or `0,2`; "
        "empty for all of them",
    )
    parameters: Path = _setting(
        "provisioning/parameters",
        Path,
        "folder of YAML files that describe parameters: units, limits, detectors",
        find=_provided,
    )
    most_parameters: int = _setting(
        str(MOST_PARAMETERS),
        _count,
        "how many parameters a process watches, and as many again of replays; beyond, "
        "new ones that nobody described are stored and held against limits only. It "
        "tracks as many vehicles",
    )
    places: Path = _setting(
        "provisioning/places.yaml",
        Path,
        "YAML file of the places whose distance matters and of the ground stations",
        find=_provided,
    )
    elements: Path = _setting(
        "provisioning/orbits/satellites.tle",
        Path,
        "file of orbital elements, as named two-line elements",
        find=_provided,
    )
    open_notify: str = _setting(
        "http://api.open-notify.org/iss-now.json",
        _web_address,
        "address that tells where the ISS is now",
    )
    lost_offset: str = _setting(
        "stop",
        _one_of("stop", "earliest"),
        "when Kafka no longer has the next message: `stop` with a message, or go on "
        "from the `earliest` it has",
    )
    future_seconds: float = _setting(
        "86400",
        _number(0, 1e12),
        "a sample whose generation time is this much later than its Kafka timestamp "
        "is refused (a broken on-board clock)",
    )
    retry_seconds: float = _setting(
        # Ten minutes: another server has taken over by then.
        "600",
        _number(0, 86400),
        "how long a running flow waits for Kafka, a database or an archive that went "
        "away before it stops",
    )
    listen: str = _setting(
        LOOPBACK,
        _address,
        "address on which a flow listens: this machine only, or `0.0.0.0` for all "
        "interfaces, each in IPv6 as well. The metrics of Bytewax itself "
        "(`bytewax_...`) are there with `0.0.0.0` only",
    )
    metrics_port: int = _setting("3030", _port, "port of `/metrics`")
    health_port: int = _setting("3031", _port, "port of `/healthz` and `/readyz`")
    log_format: str = _setting(
        "text", _one_of("text", "json"), "log lines as `text` or `json`"
    )
    log_level: str = _setting(
        "INFO",
        _one_of("DEBUG", "INFO", "WARNING", "ERROR"),
        "least important log level that is shown",
    )
    kafka_properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def most_names(self) -> int:
        """How many names are kept in memory: those watched live, and as many again."""
        return 2 * self.most_parameters

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """The settings in `environment` (the process's own by default).

        Raises SettingsError for a wrong value and for a variable nobody reads. What
        Kubernetes writes for a Service named like the prefix is passed over.
        """
        given = os.environ if environment is None else environment
        values: dict[str, Any] = {"kafka_properties": _kafka_properties(given)}
        known = {variable(item.name): item for item in fields(cls) if item.metadata}
        for key, text in given.items():
            if not key.startswith(PREFIX) or key.startswith(KAFKA_PREFIX):
                continue
            if _is_service_link(key, text):
                continue
            if key not in known:
                raise SettingsError(key, "no such setting" + _nearest(key, known))
            try:
                values[known[key].name] = known[key].metadata["parse"](text)
            except ValueError as error:
                raise SettingsError(key, str(error)) from None
        settings = cls(**values)
        if settings.health_port == settings.metrics_port:
            raise SettingsError(
                variable("health_port"),
                f"is {settings.health_port}, and so is {variable('metrics_port')}: "
                "give each a port of its own",
            )
        return settings


def variable(name: str) -> str:
    """The environment variable of the setting `name`."""
    return PREFIX + name.upper()


def kafka_variable(kafka_property: str) -> str:
    """The environment variable of a property of the Kafka client."""
    return KAFKA_PREFIX + kafka_property.upper().replace(".", "_")


def have_bytewax_serve(metrics_port: int, folder: str) -> None:
    """Has Bytewax serve /metrics, on all interfaces: it can on no other address.

    It takes its settings from the environment only. `folder` is for its
    dataflow.json, which else goes to the working directory.
    """
    os.environ[_BYTEWAX_SERVES] = "1"
    os.environ["BYTEWAX_DATAFLOW_API_PORT"] = str(metrics_port)
    os.environ["BYTEWAX_DATAFLOW_API_CACHE_PATH"] = folder


def keep_bytewax_from_serving() -> None:
    """Has Bytewax listen nowhere, whatever the caller's environment says."""
    os.environ.pop(_BYTEWAX_SERVES, None)


def keep_bytewax_short() -> None:
    """Has it print no backtrace: what that could add, the last log line says."""
    os.environ["RUST_BACKTRACE"] = "0"


def _is_service_link(key: str, text: str) -> bool:
    """Whether Kubernetes wrote it, for a Service such as orbitwatch-kafka."""
    if _LINK.search(key):
        return True
    # Of Services called orbitwatch-health and the like, too.
    return key.endswith("_PORT") and _LINKED_ADDRESS.match(text) is not None


def _nearest(key: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _kafka_properties(environment: Mapping[str, str]) -> dict[str, str]:
    """ORBITWATCH_KAFKA_SASL_MECHANISM=PLAIN as librdkafka's sasl.mechanism=PLAIN."""
    properties: dict[str, str] = {}
    for key, text in environment.items():
        if not key.startswith(KAFKA_PREFIX) or _is_service_link(key, text):
            continue
        name = key.removeprefix(KAFKA_PREFIX).lower().replace("_", ".")
        if name in _OWN_KAFKA_PROPERTIES:
            raise SettingsError(key, f"{name} is not yours to set: delivery needs it")
        properties[name] = text
    return properties


def child_environment(overrides: Mapping[str, str]) -> dict[str, str]:
    """Our environment for a child process, with `overrides`.

    What would set up Orbitwatch, Bytewax or PostgreSQL stays behind: a child that is
    given its own servers must not meet the caller's.
    """
    kept = {
        key: text
        for key, text in os.environ.items()
        if not key.startswith((PREFIX, "BYTEWAX_", "PG"))
    }
    return {**kept, **overrides}
