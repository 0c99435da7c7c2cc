"""The nightly release: choosing and tagging a commit, building it, and the steps from there on."""
