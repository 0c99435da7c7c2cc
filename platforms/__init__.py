"""What is built for, and when: platforms, Pythons, policy and matrix."""
