"""A package with native files."""
