"""What the programs of this package fail with."""


class ModulesError(Exception):
    """An input cannot be used; the message is one sentence that says what to do."""
