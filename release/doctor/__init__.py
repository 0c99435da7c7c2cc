"""Finds inconsistencies in a store, its index and the registry."""
