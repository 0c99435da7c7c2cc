"""Tests of the built release set."""
