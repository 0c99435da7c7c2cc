"""Publishing: what goes out, in which order, and what keeps it from going out."""
