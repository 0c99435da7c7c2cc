"""Errors of the programs in this package."""


class ModulesError(Exception):
    """An input is invalid; the message is one sentence that says what to do."""
