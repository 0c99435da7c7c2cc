"""Same sources, same bytes: whatever the place, the time, the locale or the Python."""
