"""What a query can fail with.

```
QueryError            the query FAILED; its text is the StateChangeReason, as Athena writes it: `CODE: message`
└─ Cancelled          StopQueryExecution was called
RequestError          the call itself is refused, before there is a query (InvalidRequestException, MetadataException)
```
"""


class QueryError(Exception):
    """A query that failed.

    Attributes:
        code: Athena's name of the trouble, e.g. `TABLE_NOT_FOUND`; empty where Athena writes none.
        message: what went wrong, for the person who asked.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.code, self.message = code, message


class Cancelled(QueryError):  # noqa: N818 - it is a state, not a fault
    """The query was stopped by the person who asked."""

    def __init__(self) -> None:
        super().__init__("", "Query cancelled by user")


class RequestError(Exception):
    """A call that is refused.

    Attributes:
        error: the API's exception, `InvalidRequestException` unless told.
        athena_code: `AthenaErrorCode`, e.g. `MALFORMED_QUERY`.
    """

    def __init__(self, message: str, *, error: str = "InvalidRequestException", athena_code: str = "") -> None:
        super().__init__(message)
        self.message, self.error, self.athena_code = message, error, athena_code


def unsupported(what: str) -> QueryError:
    """Return the error for what Athena can and this engine cannot."""
    return QueryError("NOT_SUPPORTED", f"{what} is not supported by the local Athena")


def syntax_error(message: str, line: int = 1, column: int = 1) -> RequestError:
    """Return the refusal of a text that is not SQL."""
    return RequestError(f"line {line}:{column}: {message}", athena_code="MALFORMED_QUERY")
