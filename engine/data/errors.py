"""What is said of data that cannot be opened."""

from engine.method import DataError


class OpenError(DataError):
    """One sentence: the file, what was expected, what was found, what would work."""
