"""A whole night of a product that is built from source."""
