"""Launches: recorded ones, or the simulated ascent of a two-stage launcher."""
