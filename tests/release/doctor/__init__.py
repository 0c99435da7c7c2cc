"""Tests of doctor and of the entries in docs/guides/operations.md."""
