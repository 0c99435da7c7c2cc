"""The machine that releases are made on, as the layer of an image."""
