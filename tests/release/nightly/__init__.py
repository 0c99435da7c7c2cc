"""The night as a whole: from a commit to an index that has it."""
