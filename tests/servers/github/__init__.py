"""A GitHub for tests: npm's emulate, completed behind GitHub's API description."""
