"""The model of a release: its documents, versions and settings."""
