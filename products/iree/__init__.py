"""IREE, as one product."""
