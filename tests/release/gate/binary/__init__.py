"""Native files: what is read of them, and what they may be."""
