"""Tests of the example project: from CMake to wheels that run."""
