"""Turbine releases, and the wheelhouse that they are assembled in."""
