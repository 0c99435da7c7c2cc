"""A GitHub server for tests: the npm package emulate, completed, behind the API description."""
