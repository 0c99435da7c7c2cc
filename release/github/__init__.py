"""GitHub: the connection that store and source share."""
