"""Parameters in a flow: each watched, those of a shard together."""
