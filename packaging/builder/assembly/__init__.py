"""Assembles wheels and dist archives, with deterministic writers that copy compressed data."""
