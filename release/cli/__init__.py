"""The commands of //release: each module parses options, calls one function and prints."""
