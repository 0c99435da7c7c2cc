"""The platforms and Pythons that are built for, and the policy behind the matrix."""
