"""Tests of the index: its pages, and how it is written."""
