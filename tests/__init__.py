"""Tests, in the directory structure of the tested code."""
