"""The health of what is published: what does not fit together, and which command mends it."""
