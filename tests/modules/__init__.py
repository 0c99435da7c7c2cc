"""The modules of other people: what they export, and a build on them without our bootstrap."""
