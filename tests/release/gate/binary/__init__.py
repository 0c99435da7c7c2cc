"""Native files: tests of the parser, and of the rules for each system."""
