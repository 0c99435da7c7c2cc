"""The release of other platforms, run on this machine."""
