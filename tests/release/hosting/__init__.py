"""Sources: where commits come from."""
