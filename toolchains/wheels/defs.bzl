"""Wheels that lock files pin: payload, programs for this machine, and dependencies of tests."""

load("//toolchains/wheels/private:hosts.bzl", _HOSTS = "HOSTS")
load("//toolchains/wheels/private:lock_program.bzl", _lock_program = "lock_program")
load("//toolchains/wheels/private:locked_wheels.bzl", _locked_wheels = "locked_wheels", _wheels_hub = "wheels_hub")
load("//toolchains/wheels/private:program.bzl", _program_wheel = "program_wheel")

HOSTS = _HOSTS

lock_program = _lock_program
locked_wheels = _locked_wheels
program_wheel = _program_wheel
wheels_hub = _wheels_hub
