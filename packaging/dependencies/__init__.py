"""What the built wheels require, locked."""
