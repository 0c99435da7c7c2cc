"""Tests of the products' smoke programs."""
