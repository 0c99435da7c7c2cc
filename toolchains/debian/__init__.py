"""A private prefix from Debian packages: no root, no change to the system, signatures checked."""
