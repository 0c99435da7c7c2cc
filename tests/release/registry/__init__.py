"""Tests of pushes and checks on real package registries."""
