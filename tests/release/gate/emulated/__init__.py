"""Tests of smoke tests on emulated platforms."""
