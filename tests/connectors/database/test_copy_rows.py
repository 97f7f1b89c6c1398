"""PostgreSQL itself says whether our COPY stream is right."""

import math

import numpy as np
import pytest

from connectors.database.connection import Connection
from connectors.database.copy_rows import ROWS_AT_ONCE, SampleRows, encode
from connectors.database.sample_table import copy_samples

BACK = """
    COPY (
        SELECT parameter_id, generation_time, value, anomaly_score, severity
        FROM sample ORDER BY parameter_id, generation_time
    ) TO STDOUT (FORMAT BINARY)
"""
YEAR_1_US = -62_135_596_800_000_000
YEAR_9998_US = 253_370_764_799_999_999
NULL = math.nan
EXTREMES = (0.0, -0.0, 5e-324, -1.7976931348623157e308, 1.7976931348623157e308, 0.1)


def rows_of(values: list[float], scores: list[float]) -> SampleRows:
    count = len(values)
    return SampleRows(
        np.arange(count, dtype=np.int32),
        np.arange(count, dtype=np.int64) * 1_000_001,
        np.array(values),
        np.array(scores),
        (np.arange(count) % 6).astype(np.int8),
    )


def server_stream(connection: Connection) -> bytes:
    with connection.cursor() as cursor, cursor.copy(BACK) as copy:
        return b"".join(copy)


@pytest.mark.parametrize(
    ("values", "scores"),
    [
        ([1.5, 2.5, 3.5], [0.0, 0.5, 1.0]),
        (list(EXTREMES), list(EXTREMES[::-1])),
        ([NULL] * 3, [NULL] * 3),
        ([1.0] * 3, [NULL] * 3),
        ([], []),
    ],
    ids=["no nulls", "extreme floats", "all null", "not scored", "no rows"],
)
def test_the_stream_is_the_one_the_server_itself_makes(
    reader: Connection, values: list[float], scores: list[float]
):
    rows = rows_of(values, scores)
    copy_samples(reader, rows)
    assert server_stream(reader) == b"".join(encode(rows))


def test_nulls_stay_with_their_rows(reader: Connection):
    values = [1.0, NULL, 3.0, NULL, 5.0] * 7_001  # more than go into one piece
    scores = [NULL, 0.2, 0.3, NULL, 0.5] * 7_001
    assert len(values) > 2 * ROWS_AT_ONCE
    copy_samples(reader, rows_of(values, scores))
    query = "SELECT value, anomaly_score, severity FROM sample ORDER BY parameter_id"
    stored = reader.execute(query).fetchall()
    assert stored == [
        (
            None if math.isnan(value) else value,
            None if math.isnan(score) else score,
            row % 6,
        )
        for row, (value, score) in enumerate(zip(values, scores, strict=True))
    ]


def test_times_from_year_1_to_9998_are_exact_to_the_microsecond(reader: Connection):
    rows = rows_of([1.0] * 4, [0.0] * 4)
    rows.times_us[:] = [YEAR_1_US, -1, 1_700_000_000_123_456, YEAR_9998_US]
    copy_samples(reader, rows)
    query = "SELECT generation_time::text FROM sample ORDER BY parameter_id"
    assert [time for (time,) in reader.execute(query)] == [
        "0001-01-01 00:00:00+00",
        "1969-12-31 23:59:59.999999+00",
        "2023-11-14 22:13:20.123456+00",
        "9998-12-31 23:59:59.999999+00",
    ]
