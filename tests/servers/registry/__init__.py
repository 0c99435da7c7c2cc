"""Package registries that tests start: devpi and pypiserver."""
