"""Finds what does not fit together in store, index and registry."""
