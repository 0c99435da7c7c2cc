"""Tests of the smoke tests: each fault is reported by the step that finds it."""
