"""Smoke tests: artifacts are installed or unpacked, used, and their numbers compared."""
