"""The workflows in .github: what they may do, and what they do, step by step."""
