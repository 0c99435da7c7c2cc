"""Promotion: a published pre-release becomes a stable release without being built again."""
