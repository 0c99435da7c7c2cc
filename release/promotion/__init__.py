"""Promotion: a published candidate becomes a stable release, in the same bytes."""
