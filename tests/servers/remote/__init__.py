"""Helpers to start servers and inject faults, and real remote caches and workers."""
