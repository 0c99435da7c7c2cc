"""Tests of the dist archives: how they are made, what they hold, and whether they run."""
