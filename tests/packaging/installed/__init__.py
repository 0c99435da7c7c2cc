"""Installs the built wheels and uses them, on every Python of the plan."""
