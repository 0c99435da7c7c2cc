"""Registries: where users install from, what is ours there, and how it gets there."""
