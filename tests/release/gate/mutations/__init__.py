"""Proof that each check of the gate finds its fault: a valid release is broken in many ways."""
