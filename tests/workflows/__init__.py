"""Tests of the workflows in .github: their permissions, and their steps."""
