"""Stores that releases are published to, and sources that commits come from."""
