"""Package registries that tests start: devpi-server and pypiserver."""
