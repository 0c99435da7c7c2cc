"""Writes container images."""
