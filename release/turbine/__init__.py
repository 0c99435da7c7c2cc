"""Turbine releases and the wheelhouse that they are made in."""
