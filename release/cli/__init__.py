"""The release commands: each module parses options, calls a package and prints the result."""
