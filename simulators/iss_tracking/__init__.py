"""Satellites: by their orbital elements, made after them, or the ISS as it is now."""
