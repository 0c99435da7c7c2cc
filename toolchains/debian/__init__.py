"""Private prefixes of Debian packages: without root or system changes, with signatures checked."""
