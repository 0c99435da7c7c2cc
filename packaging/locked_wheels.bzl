"""Wheels that a lock file pins, as repositories: for payload, and for whatever tests install."""

load("//packaging/private:locked_wheels.bzl", _locked_wheels = "locked_wheels", _wheels_hub = "wheels_hub")

locked_wheels = _locked_wheels
wheels_hub = _wheels_hub
