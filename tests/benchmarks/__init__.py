"""What Orbitwatch costs: `python -m tests.benchmarks`, which `make bench` runs."""
