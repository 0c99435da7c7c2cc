"""Purging: which releases are kept, and the removal of the others."""
