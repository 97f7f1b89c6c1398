"""PostgreSQL: connections, the encoding of rows, and the transactions of the sink."""
