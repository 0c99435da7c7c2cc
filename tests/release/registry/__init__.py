"""Registries, and what is pushed to them."""
