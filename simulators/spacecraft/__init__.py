"""Spacecraft: recorded channels, or a synthetic one in low Earth orbit."""
