"""Tests of turbine releases: the wheels, the wheelhouse, and the smoke tests."""
