"""Tests of promotion: a candidate becomes a stable release with the same files."""
