"""Tagging: which commit is green, and what becomes of it."""
