"""Tests of stores and sources."""
