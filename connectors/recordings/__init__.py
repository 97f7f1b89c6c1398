"""Recorded telemetry, and what is known of it: readers of its files."""
