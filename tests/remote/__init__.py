"""Remotes that tests start: HTTP as data, a front that fails requests, programs that serve."""
