"""Tests that install and use the built wheels on every Python of the plan."""
