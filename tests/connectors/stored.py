"""What tests ask of the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row, scalar_row

from connectors.database.connection import Connection
from connectors.messages.samples import ParameterName


@dataclass(frozen=True, slots=True)
class StoredSample:
    """A row of the table `sample`."""

    generation_time: datetime
    value: float | None
    anomaly_score: float | None
    severity: int


def count_samples(connection: Connection) -> int:
    """How many samples are stored; looks at all of them."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return int(cursor.execute("SELECT count(*) FROM sample").fetchone() or 0)


def samples_of(connection: Connection, name: ParameterName) -> Sequence[StoredSample]:
    """The samples of one parameter, in order of generation time."""
    query = """
        SELECT generation_time, value, anomaly_score, severity
        FROM sample
        WHERE parameter_id = (
            SELECT id FROM parameter
            WHERE (spacecraft, subsystem, name) = (%s, %s, %s)
        )
        ORDER BY generation_time
    """
    key = (name.spacecraft, name.subsystem, name.parameter)
    with connection.cursor(row_factory=class_row(StoredSample)) as cursor:
        return cursor.execute(query, key).fetchall()
