"""Wheels from a Python registry, each pinned by its digest."""
