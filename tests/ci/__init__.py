"""What CI prints of a run."""
