"""Programs that tests start and await, a relay that fails them, and a remote cache and workers."""
