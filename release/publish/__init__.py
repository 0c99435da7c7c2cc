"""Publishing: what goes out, whether it may, and how it gets there."""
