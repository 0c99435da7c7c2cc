"""Streaming readers for untrusted archives: wheels (ZIP) and dists (tar.xz).

They share no code with packaging/, which writes the archives: a bug in shared code would go
unnoticed on both sides. Nothing is ever unpacked to a path that an archive names.
"""
