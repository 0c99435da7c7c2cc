"""Promotion: a published pre-release becomes a stable release without another build."""
