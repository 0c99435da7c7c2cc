"""The documentation: its links, and what it says of commands and settings."""
