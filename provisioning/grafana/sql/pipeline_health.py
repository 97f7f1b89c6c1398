"""What the dashboard of the pipeline asks of the database."""

from __future__ import annotations

POSITIONS = """
    SELECT flow, topic, partition, next_offset AS "next offset",
        newest_message_time AS "newest message stored"
    FROM stream_position
    ORDER BY flow, topic, partition
"""
