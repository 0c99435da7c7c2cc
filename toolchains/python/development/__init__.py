"""Development files to build CPython extension modules with."""
