"""Faults on purpose, and whether anything got lost: `python -m tests.faults`."""
