"""Where releases are published to, and where commits come from."""
