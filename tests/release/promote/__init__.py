"""Promotion: a candidate becomes a stable release, in the same bytes."""
