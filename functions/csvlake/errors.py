"""The errors of csvlake, as a tree.

    CsvlakeError
    ├── TerminalError    this input will never convert: record the reason, acknowledge the message
    └── TransientError   trouble that may pass: fail the message, the queue delivers it again

Retry is decided by the class alone, never by the text of a message. Any other exception counts as transient.
"""

__all__ = ["CsvlakeError", "TerminalError", "TransientError"]


class CsvlakeError(Exception):
    """Base of every error that csvlake raises on purpose."""


class TerminalError(CsvlakeError):
    """Say that this input can never be converted as it is.

    Args:
        code: stable snake_case word for programs, such as ``empty_file`` or ``undecided_delimiter``.
        message: one sentence for a person: what is wrong, where (line and byte offset when known), what to do next.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def reason(self) -> str:
        """The text that the ledger keeps: ``code: message``."""
        return f"{self.code}: {self.message}"


class TransientError(CsvlakeError):
    """Say that the same input may convert when it is tried again."""
