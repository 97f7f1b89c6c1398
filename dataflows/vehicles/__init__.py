"""Vehicles in a flow: each followed by its tracker, and the rows of what that tells."""
