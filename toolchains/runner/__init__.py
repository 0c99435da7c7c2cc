"""The file system of a release runner, as the layer of a container image."""
