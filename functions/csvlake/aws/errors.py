"""Translate what botocore and awswrangler raise: the one place for it.

What is not named here counts as trouble that may pass; maxReceiveCount and the dead-letter queue bound the tries. The
codes are S3's (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html) and Glue's
(https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-exceptions.html). HEAD answers have no body, hence the bare
numbers.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from awswrangler import exceptions as wrangler_errors
from botocore.exceptions import BotoCoreError, ClientError

from csvlake.errors import CsvlakeError, TerminalError, TransientError
from csvlake.lake.ports import PreconditionFailed

__all__ = ["FOREIGN_ERRORS", "GONE_CODES", "UNMET_CODES", "code_of", "translate", "translated", "translated_pages"]

# awswrangler's exceptions have no base of their own; the module's list is taken as it is, so that a new one is in it.
FOREIGN_ERRORS: Final[tuple[type[Exception], ...]] = (
    ClientError,
    BotoCoreError,
    *(error for error in vars(wrangler_errors).values() if isinstance(error, type) and issubclass(error, Exception)),
)

GONE_CODES: Final = frozenset({"NoSuchKey", "404", "NotFound"})
UNMET_CODES: Final = frozenset({"PreconditionFailed", "412"})
_PRECONDITION_CODES = UNMET_CODES | {"ConditionalRequestConflict", "409"}
_ARCHIVED_CODES = frozenset({"InvalidObjectState"})


def code_of(error: BaseException) -> str:
    """Return the code of an AWS answer, "" for anything else."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def translate(error: Exception, action: str) -> CsvlakeError:
    """Return our exception for a foreign one.

    Args:
        action: what was tried, for the message: ``read s3://bucket/key``.
    """
    code = code_of(error)
    if code in _PRECONDITION_CODES:
        return PreconditionFailed(f"could not {action}: it is not what it was ({code})")
    if code in _ARCHIVED_CODES:
        return TerminalError(
            "archived_object", f"could not {action}: the object is archived; restore it, then copy it in place"
        )
    return TransientError(f"could not {action}: {type(error).__name__}: {error}")


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Raise ours for every foreign exception of the block, with the foreign one as its cause."""
    try:
        yield
    except FOREIGN_ERRORS as error:
        raise translate(error, action) from error


def translated_pages(pages: Iterable[Any], action: str) -> Iterator[Any]:
    """Yield a paginator's answers, each asked for only when it is wanted, with errors translated."""
    answers = iter(pages)
    while True:
        with translated(action):
            page = next(answers, None)
        if page is None:
            return
        yield page
