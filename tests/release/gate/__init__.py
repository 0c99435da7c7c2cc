"""The gate: each check on what it must find and what it must let pass."""
