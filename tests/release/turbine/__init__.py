"""Turbine releases: the wheels, the wheelhouse, and the trial of both."""
