"""Checks that read every file of the repository, whoever wrote it."""
