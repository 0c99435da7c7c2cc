"""Servers of the Remote Execution API, and what they need, to hold builds against."""
