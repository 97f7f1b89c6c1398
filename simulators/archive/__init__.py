"""The archive, played once more."""
