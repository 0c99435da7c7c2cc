"""Stores: one contract, held by each of them, and what is each one's own."""
