"""Tests of the trials: what is broken is said to be, by the step that shows it."""
