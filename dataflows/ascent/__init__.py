"""What is worked out from telemetry before detectors see it, pure.

Series derived from others, events, predictions: time is an argument.
"""
