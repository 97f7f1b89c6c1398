"""The physics of flight to orbit and in orbit, pure: time is an argument.

Simulators and flows share it.
"""
