"""Detectors and trackers tried on recordings, without the engine: how good are they?"""
