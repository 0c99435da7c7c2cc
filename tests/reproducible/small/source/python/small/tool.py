"""The tool without a native launcher."""


def main() -> None:
    """Prints the answer."""
    print(42)
