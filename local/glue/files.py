"""The Parquet objects of a target, each by its footer.

Writers go on while a crawl lists: an object that is replaced meanwhile is read as it is now, one that is gone is passed
over.
"""

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.glue.definition import Target
from local.glue.exclusions import is_excluded
from local.glue.footer import TAIL_BYTES, NotParquetError, read_footer
from local.glue.layout import FoundFile

TRIES = 3
KEPT_FOOTERS = 100_000
_footers: dict[tuple[str, str, str], FoundFile] = {}  # bucket, key, ETag; the oldest go first


def find_files(s3: Any, target: Target, warn: Callable[[str], None]) -> Iterator[FoundFile | None]:
    """Give every Parquet object of a target in order of its key, and None for each object that is none.

    Names that begin with `_` or `.` are no data, nor are empty objects and what the target excludes.
    """
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=target.bucket, Prefix=target.prefix):
        for item in page.get("Contents", []):
            path = item["Key"][len(target.prefix) :]
            hidden = any(part.startswith(("_", ".")) for part in path.split("/"))
            if not item["Size"] or hidden or is_excluded(path, target.exclusions):
                yield None
                continue
            try:
                yield _known_footer(s3, target.bucket, item)
            except NotParquetError as error:
                warn(str(error))
                yield None


def _known_footer(s3: Any, bucket: str, item: dict[str, Any]) -> FoundFile | None:
    """Return the footer of an object as listed; one that was read before, in any crawl, is not read again."""
    name = (bucket, item["Key"], item["ETag"])
    if name in _footers:
        return _footers[name]
    found = _read(s3, bucket, item["Key"])
    if found and found.size == item["Size"]:
        while len(_footers) >= KEPT_FOOTERS:
            _footers.pop(next(iter(_footers)), None)
        _footers[name] = found
    return found


def _read(s3: Any, bucket: str, key: str) -> FoundFile | None:
    """Read a footer in one read, or in two of the same version; None when the object is gone."""
    for _ in range(TRIES):
        try:
            answer = s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=-{TAIL_BYTES}")
            size, tail = int(answer["ContentRange"].rpartition("/")[2]), answer["Body"].read()

            def read_tail(count: int, tail: bytes = tail, etag: str = answer["ETag"]) -> bytes:
                if count <= len(tail):
                    return tail[-count:]
                data: bytes = s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=-{count}", IfMatch=etag)[
                    "Body"
                ].read()
                return data

            return read_footer(key, size, read_tail)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "NoSuchKey":
                return None
            if code not in {"PreconditionFailed", "InvalidRange"}:
                raise
    return None
