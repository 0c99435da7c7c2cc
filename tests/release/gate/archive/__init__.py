"""Tests of the readers for untrusted archives."""
