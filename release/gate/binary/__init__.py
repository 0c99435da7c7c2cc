"""Parses native files and checks them against what a wheel's tags promise."""
