"""Operation: what goes wrong, what that looks like, and that what the document says mends it."""
