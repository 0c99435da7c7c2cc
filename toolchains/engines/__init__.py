"""Remote Execution API servers and their dependencies, to test builds with."""
