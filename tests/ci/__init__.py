"""Tests of the summary that CI prints."""
