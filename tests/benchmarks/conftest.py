"""Keeps pytest from importing the peers, which have an environment of their own."""

collect_ignore = ["peers"]
