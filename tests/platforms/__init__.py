"""Tests of //platforms."""
