"""What CPython extension modules are compiled with."""
