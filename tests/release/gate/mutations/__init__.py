"""Proof that the gate bites: good sets are broken in many ways, and each fault is named."""
