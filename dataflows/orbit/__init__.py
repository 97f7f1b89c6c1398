"""Where spacecraft are: ground tracks, propagation, passes, and the air on the way up.

The modules here are pure: time is an argument. Positions are geodetic (WGS84) degrees
and kilometres, or ECEF: Earth-centred, Earth-fixed kilometres.
"""
