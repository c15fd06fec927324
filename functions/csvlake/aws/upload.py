"""Send a local file as the parts of a multipart upload, several at a time.

Parts may be sent in any order and from any thread: their numbers say where they belong
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html, which also has the limits: 5 MiB for every
part but the last, 10,000 parts).
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from csvlake.errors import TransientError

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

__all__ = ["PARTS_AT_ONCE", "PART_BYTES", "send_parts"]

PART_BYTES = 8 << 20  # so 80 GB at most
PARTS_AT_ONCE = 4  # in memory, too, beside the conversion of the next file

Send = Callable[[int, bytes], str]
_turn = threading.Lock()  # files take turns, lest each of them holds so many parts


def send_parts(path: Path, send: Send) -> "list[CompletedPartTypeDef]":
    """Send a file and return its parts, in order, as the request that completes the upload wants them.

    When one of them fails no other is begun, and those that are on their way have ended before this returns: S3 may
    keep a part that arrives after its upload was aborted.

    Args:
        path: a file that nobody changes.
        send: called in several threads with a part's number, from 1, and its bytes; returns its ETag.

    Raises:
        TransientError: the file is empty: there is nothing to complete.
    """
    size = path.stat().st_size
    if size == 0:
        raise TransientError(f"the scratch file {path.name} is empty")
    numbers = range(1, (size - 1) // PART_BYTES + 2)
    failures: list[BaseException] = []

    def send_part(number: int) -> str:
        if failures:
            return ""
        try:
            with path.open("rb") as file:
                file.seek((number - 1) * PART_BYTES)
                return send(number, file.read(PART_BYTES))
        except BaseException as failure:
            failures.append(failure)
            raise

    with _turn, ThreadPoolExecutor(min(len(numbers), PARTS_AT_ONCE), "csvlake-upload") as pool:
        sent = list(pool.map(send_part, numbers))
    return [{"PartNumber": number, "ETag": etag} for number, etag in zip(numbers, sent, strict=True)]
