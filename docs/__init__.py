"""The documentation, and the program that generates a part of it."""
