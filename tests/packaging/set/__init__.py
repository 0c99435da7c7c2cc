"""Tests of the built set as a whole."""
