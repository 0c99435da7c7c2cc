"""Smoke tests: artifacts are installed or unpacked and used, and their results are checked."""
