"""Send a local file as the parts of a multipart upload, several at a time, while it still grows.

Parts may be sent in any order and from any thread: their numbers say where they belong
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html, which also has the limits: 5 MiB for every
part but the last, 10,000 parts). What a condition is answered with is told in
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html.
"""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from s3transfer.utils import ReadFileChunk

from csvlake.aws.errors import FOREIGN_ERRORS, GONE_CODES, UNMET_CODES, code_of, translated
from csvlake.errors import TransientError
from csvlake.lake.ports import ABSENT, PreconditionFailed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["PARTS_AT_ONCE", "PART_BYTES", "S3Upload", "condition"]

PART_BYTES = 8 << 20  # so 80 GB at most
PARTS_AT_ONCE = 4


class S3Upload:
    """One object in the making; see `csvlake.lake.ports.Upload`. S3 hears of it when its first part is whole."""

    def __init__(self, client: "S3Client", bucket: str, key: str, metadata: Mapping[str, str]) -> None:
        self._client = client
        self._place: dict[str, Any] = {"Bucket": bucket, "Key": key}
        self._metadata = dict(metadata)
        self._action = f"write s3://{bucket}/{key}"
        self._id = ""  # of the upload, "" for none
        self._pool: ThreadPoolExecutor | None = None
        self._parts: list[Future[str]] = []  # their ETags
        self._failed = False
        self._was_unmet = False  # S3's last answer told of a condition

    def grow(self, path: Path, size: int) -> None:
        """Send the parts that are whole, in other threads. What goes wrong there is raised by `complete`."""
        whole = size // PART_BYTES
        if whole > len(self._parts):
            with translated(self._action):
                self._send(path, whole, whole * PART_BYTES)

    def drop(self) -> None:
        """Abort what was begun; trouble with that is left to the bucket's lifecycle rule.

        No other part is begun, and those that are on their way have ended before: S3 may keep one that arrives
        after its upload was aborted.
        """
        self._failed = True
        for part in self._parts:
            part.cancel()
        wait(self._parts)
        if self._id:
            with suppress(*FOREIGN_ERRORS):
                self._client.abort_multipart_upload(**self._place, UploadId=self._id)
        self._parts, self._id, self._failed = [], "", False

    def complete(self, path: Path, expected: str | None) -> None:
        """Send what is left of the file, and make it visible.

        Raises:
            PreconditionFailed: something else stands at the key. It may be tried again on another condition.
            TransientError: the file is empty, or S3 did not take it.
        """
        size = path.stat().st_size
        if size == 0:
            raise TransientError(f"the scratch file {path.name} is empty")
        with translated(self._action):
            self._send(path, (size - 1) // PART_BYTES + 1, size)
            etags = [part.result() for part in self._parts]
            parts: Any = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, start=1)]
            try:
                self._client.complete_multipart_upload(
                    **self._place, UploadId=self._id, MultipartUpload={"Parts": parts}, **condition(expected)
                )
            except ClientError as error:
                code, was_unmet = code_of(error), self._was_unmet
                self._was_unmet = code in UNMET_CODES
                if not self._was_unmet:  # else the parts still stand
                    self.drop()
                if code == "NoSuchUpload" and was_unmet:  # they did not
                    return self.complete(path, expected)
                if code in GONE_CODES:  # what a condition on an ETag is answered with where nothing stands
                    raise PreconditionFailed(f"could not {self._action}: it is gone") from error
                raise
        self._parts, self._id = [], ""
        return None

    def close(self) -> None:
        """Abort what was not completed, and end the threads."""
        self.drop()
        if self._pool is not None:
            self._pool.shutdown()

    def _send(self, path: Path, count: int, size: int) -> None:
        """Have parts sent until there are so many; the last one ends at ``size``."""
        if not self._id:
            answer = self._client.create_multipart_upload(**self._place, Metadata=self._metadata)
            self._id = answer["UploadId"]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(PARTS_AT_ONCE, "csvlake-upload")
        for number in range(len(self._parts) + 1, count + 1):
            start = (number - 1) * PART_BYTES
            self._parts.append(self._pool.submit(self._send_part, path, number, start, min(PART_BYTES, size - start)))

    def _send_part(self, path: Path, number: int, start: int, length: int) -> str:
        if self._failed:
            return ""  # one with a lower number tells why
        try:
            with ReadFileChunk.from_filename(str(path), start, length) as chunk:
                body: Any = chunk  # a file, so that the part is never in memory as a whole
                answer = self._client.upload_part(**self._place, UploadId=self._id, PartNumber=number, Body=body)
            return str(answer["ETag"])
        except BaseException:
            self._failed = True
            raise


def condition(expected: str | None) -> dict[str, Any]:
    """Return the header by which an object is written only where a certain one stands, or none."""
    if expected is None:
        return {}
    return {"IfNoneMatch": "*"} if expected == ABSENT else {"IfMatch": expected}
