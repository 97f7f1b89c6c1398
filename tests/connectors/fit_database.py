"""All that a flow asks of a database before it starts, in one call."""

from connectors.database.migrations import (
    look_at_rights,
    look_at_schema,
    look_at_server,
)


def check_database(database: str) -> None:
    """Raises DatabaseUnavailable or SchemaOutdated unless a flow could store in it."""
    look_at_server(database)
    look_at_schema(database)
    look_at_rights(database)
