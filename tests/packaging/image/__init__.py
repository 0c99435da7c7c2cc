"""The image of a release runner."""
