"""Tests that builds are reproducible in other directories, times, locales and Pythons."""
