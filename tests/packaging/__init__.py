"""Tests of //packaging."""
