"""CPython from Debian's packages, for the versions under test that the host lacks."""
