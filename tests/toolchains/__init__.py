"""Tests of the tools that a build brings with it."""
