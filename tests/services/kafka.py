"""Apache Kafka as a JVM process: one node, broker and controller in one."""

import fcntl
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from signal import Signals
from typing import Self
from xml.etree import ElementTree

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.services.ports import free_port
from tests.services.process import ServerProcess, UnavailableError

POM = Path(__file__).parent / "kafka" / "pom.xml"
CACHE = Path(__file__).parents[2] / ".cache"
OLDEST_JAVA = 17

PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
message.max.bytes=16777216
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
# The default of 128 MB would be a quarter of the heap.
log.cleaner.dedupe.buffer.size=4194304
"""

# What Kafka's own `kafka-storage format` writes, at the price of another JVM start.
META_PROPERTIES = "version=1\ncluster.id={}\nnode.id=1\n"
CLUSTER_ID = "b3JiaXR3YXRjaC10ZXN0cw"


def kafka_jars() -> Path:
    """Return the folder of the broker's jars, resolved by Maven on first use.

    Raises:
        UnavailableError: Java or Maven is missing, or Maven cannot resolve the jars.
    """
    _check_java()
    namespace = "{http://maven.apache.org/POM/4.0.0}"
    version = ElementTree.parse(POM).findtext(f"{namespace}version")  # noqa: S314
    jars = CACHE / f"kafka-{version}"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.exists():
            _resolve(jars)
    return jars


def _check_java() -> None:
    try:
        done = subprocess.run(["java", "-version"], capture_output=True, text=True)
    except OSError:
        raise UnavailableError("Apache Kafka needs Java: there is no `java`") from None
    version = re.search(r'version "(\d+)', done.stderr)
    if done.returncode or not version or int(version[1]) < OLDEST_JAVA:
        raise UnavailableError(f"Apache Kafka needs Java {OLDEST_JAVA}: {done.stderr}")


def _resolve(jars: Path) -> None:
    if not shutil.which("mvn"):
        raise UnavailableError("the jars of Apache Kafka need Maven: there is no `mvn`")
    # Under another name until complete, so that a Maven cut short leaves no half.
    partial = jars.with_suffix(".partial")
    command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
    done = subprocess.run(
        [*command, f"-DoutputDirectory={partial}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise UnavailableError(f"Maven found no Apache Kafka: {done.stdout[-1000:]}")
    partial.rename(jars)


class Kafka:
    """A broker with a data folder and a port of its own, kept over stop and start.

    Use it as a context: it is started on entry, and gone with its data on exit.
    """

    def __init__(self, jars: Path, cluster_id: str = CLUSTER_ID) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="orbitwatch-kafka-"))
        port, controller_port = free_port(), free_port()
        self.bootstrap = f"127.0.0.1:{port}"
        self.data = data = self._folder / "data"
        data.mkdir()
        (data / "meta.properties").write_text(META_PROPERTIES.format(cluster_id))
        properties = self._folder / "server.properties"
        properties.write_text(
            PROPERTIES.format(port=port, controller_port=controller_port, data=data)
        )
        self._command = [
            "java",
            "-Xmx512m",
            # Half a second faster to start than the compilers and collector of a
            # server that runs for months.
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            f"{jars}/*",
            "kafka.Kafka",
            str(properties),
        ]
        self._process: ServerProcess | None = None

    def start(self) -> None:
        """Start the broker; return when it answers."""
        self._process = ServerProcess(self._command, self.log, Signals.SIGKILL)
        client = AdminClient(
            {
                "bootstrap.servers": self.bootstrap,
                "reconnect.backoff.max.ms": 100,
                # Refused connections are expected, and said nothing of.
                "log_level": 0,
            }
        )
        self._process.wait_until(lambda: _has_a_broker(client))

    @property
    def pid(self) -> int | None:
        """The broker's process, from its start until it is stopped."""
        return self._process.pid if self._process else None

    @property
    def log(self) -> Path:
        """What the broker says."""
        return self._folder / "kafka.log"

    def stop(self, signal: Signals = Signals.SIGTERM) -> None:
        """Stop the broker, and keep its data and port for the next start."""
        if self._process:
            self._process.stop(signal)
            self._process = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(Signals.SIGKILL)
        shutil.rmtree(self._folder)


def _has_a_broker(client: AdminClient) -> bool:
    try:
        # Until it may hold partitions, the broker does not list itself.
        return bool(client.list_topics(timeout=1).brokers)
    except KafkaException:
        return False
