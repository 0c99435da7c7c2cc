"""Reading archives that nobody vouches for."""
