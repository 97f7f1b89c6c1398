"""Whole flows as processes of their own, between real servers."""
