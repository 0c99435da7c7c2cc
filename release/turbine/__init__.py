"""Turbine releases: a companion of a product, and the wheelhouse that it is assembled in."""
