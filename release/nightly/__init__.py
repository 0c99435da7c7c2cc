"""The nightly release: chooses, tags, builds, validates and publishes a commit."""
