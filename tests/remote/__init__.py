"""Tests of builds with a remote cache and remote execution."""
