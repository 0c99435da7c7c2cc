"""Publishing: checks a release, prepares its assets and notes, and uploads them to a store."""
