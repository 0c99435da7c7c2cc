"""Purging: what is kept, and what goes."""
