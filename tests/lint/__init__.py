"""Checks of all files in the repository."""
