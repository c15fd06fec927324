"""S3 objects as sources for the engine."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from csvlake.aws.errors import GONE_CODES, code_of, translated
from csvlake.aws.read_ahead import BLOCK_BYTES, BLOCKS_AHEAD, ReadAhead
from csvlake.errors import TransientError
from csvlake.lake.ports import ObjectInfo, SourceChanged

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["S3Source"]

_LIBRARY_BYTES = 90 << 20  # boto3 with a client, and pandas, which awswrangler imports


class S3Source:
    """An S3 object at one ETag, whose first bytes came with the request that found it; the rest is read ahead.

    Several threads may read. Whoever is done with it closes it, lest requests go on that nobody waits for.

    Attributes:
        info: the upload that is read.
    """

    def __init__(self, client: "S3Client", bucket: str, info: ObjectInfo, first: bytes) -> None:
        self.info = info
        self._name = f"s3://{bucket}/{info.key}"
        self._first = first
        # Not a method of this object: the threads must not keep it alive.
        self._rest = ReadAhead(partial(_fetch, client, bucket, info), len(first), info.size)

    @property
    def name(self) -> str:
        """The object's URL."""
        return self._name

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self.info.size

    @property
    def held_bytes(self) -> int:
        """Memory that it takes while it is read, libraries included, for whoever shares out the process's."""
        return _LIBRARY_BYTES + min(self.size, len(self._first) + BLOCK_BYTES * BLOCKS_AHEAD)

    def read_range(self, offset: int, length: int) -> bytes:
        """Read from what came with the first request, or by requests on the condition of the ETag.

        Raises:
            SourceChanged: the object was replaced or deleted meanwhile.
            TransientError: it could not be read.
        """
        end = min(offset + length, self.size)
        if end <= len(self._first):
            return self._first[offset:end]
        data = bytearray(max(0, end - offset))
        self.read_into(offset, memoryview(data))
        return bytes(data)

    def read_into(self, offset: int, target: memoryview) -> int:
        """Read as `read_range` does, into memory that is there, and return how many bytes."""
        length = max(0, min(len(target), self.size - offset))
        known = memoryview(self._first)[offset : offset + length]
        target[: len(known)] = known
        if length > len(known):
            self._rest.read_into(offset + len(known), target[len(known) : length])
        return length

    def expect(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Have short ranges, given as offset and length, read at once: they will be asked for one after the other."""
        ends = [(offset, min(offset + length, self.size)) for offset, length in ranges]
        self._rest.expect((offset, end) for offset, end in ends if len(self._first) <= offset < end)

    def close(self) -> None:
        """Forget what was read ahead, and end the threads."""
        self._rest.close()


def _fetch(client: "S3Client", bucket: str, info: ObjectInfo, start: int, end: int) -> bytes:
    """Get bytes by one request."""
    name = f"s3://{bucket}/{info.key}"
    with translated(f"read {name}"):
        try:
            answer = client.get_object(Bucket=bucket, Key=info.key, Range=f"bytes={start}-{end - 1}", IfMatch=info.etag)
            data = answer["Body"].read()
        except ClientError as error:
            if code_of(error) in {*GONE_CODES, "PreconditionFailed", "412"}:
                raise SourceChanged(f"{name} changed while it was read") from error
            raise
    if len(data) != end - start:
        raise TransientError(f"{len(data)} bytes came of {name} where {end - start} were asked for")
    return data
