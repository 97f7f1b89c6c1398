"""Tests of Orbitwatch; the folders mirror those of the code."""
