"""Tests of the dist archives: how they are made, what they contain, and whether they work."""
