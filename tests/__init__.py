"""Tests, one directory per area."""
