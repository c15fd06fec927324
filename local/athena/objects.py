"""The objects of S3: listed, and read once for each ETag into files of bounded total size that DuckDB can open."""

import contextlib
import hashlib
import io
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from botocore.exceptions import ClientError

from local.athena.errors import QueryError

WHOLE_BYTES = 8 << 20  # up to this size one GET brings footer and data
FOOTER_BYTES = 64 << 10
CACHE_BYTES = 4 << 30
FOOTERS = 20_000
AT_ONCE = 8


@dataclass(frozen=True)
class DataObject:
    """An object under a table's location."""

    bucket: str
    key: str
    etag: str
    size: int
    modified: datetime

    @property
    def path(self) -> str:
        """Return its address, as `"$path"` has it."""
        return f"s3://{self.bucket}/{self.key}"


def split_location(location: str) -> tuple[str, str]:
    """Split `s3://bucket/prefix` (also s3a, s3n) into bucket and prefix.

    Raises:
        QueryError: it is not an address in S3.
    """
    scheme, found, rest = location.partition("://")
    bucket, _, key = rest.partition("/")
    if not found or scheme not in {"s3", "s3a", "s3n"} or not bucket:
        raise QueryError("HIVE_INVALID_METADATA", f"Table location is not in S3: {location!r}")
    return bucket, key


def list_objects(s3: Any, location: str) -> list[DataObject]:
    """List what Athena reads under a location: all but names with a part that begins with `.` or `_`.

    A bucket or prefix that does not exist has no objects: the table then has no rows.
    """
    bucket, prefix = split_location(location)
    prefix = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
    found = []
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                name = item["Key"][len(prefix) :]
                hidden = any(part.startswith((".", "_")) for part in name.split("/"))
                if not hidden and not name.endswith("/") and name:
                    etag, size = item["ETag"].strip('"'), item["Size"]
                    found.append(DataObject(bucket, item["Key"], etag, size, item["LastModified"]))
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            return []
        raise
    return found


class ObjectCache:
    """Bytes and footers by bucket, key and ETag; the oldest go when they hold too much. Safe for many threads.

    A file stays open on disk while a query that pinned it runs, even when it was dropped from the cache.
    """

    def __init__(self, limit_bytes: int = CACHE_BYTES) -> None:
        self._limit = limit_bytes
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="athena-")
        self._files: OrderedDict[Path, int] = OrderedDict()
        self._pins: dict[Path, int] = {}
        self._footers: OrderedDict[tuple[str, str, str], Any] = OrderedDict()
        self._readers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="athena-read")

    def close(self) -> None:
        """Remove the files."""
        self._readers.shutdown()
        self._folder.cleanup()

    def footers(self, s3: Any, items: list[DataObject]) -> list[Any]:
        """Return the footers of several objects, in their order, reading a few at once.

        Raises:
            QueryError: HIVE_CANNOT_OPEN_SPLIT: one is not Parquet; the first of them in order.
        """
        return list(self._readers.map(lambda item: self.footer(s3, item), items))

    def footer(self, s3: Any, item: DataObject) -> Any:
        """Return an object's Parquet footer (`pyarrow.parquet.FileMetaData`).

        Raises:
            QueryError: HIVE_CANNOT_OPEN_SPLIT: it is not Parquet.
        """
        key = (item.bucket, item.key, item.etag)
        with self._lock:
            if key in self._footers:
                self._footers.move_to_end(key)
                return self._footers[key]
        metadata = self._read_footer(s3, item)
        with self._lock:
            self._footers[key] = metadata
            while len(self._footers) > FOOTERS:
                self._footers.popitem(last=False)
        return metadata

    @contextlib.contextmanager
    def files(self, s3: Any, items: list[DataObject]) -> Iterator[list[Path]]:
        """Give the objects as files on disk while the block runs, in the order of the list."""
        taken: list[Path] = []
        try:
            for item in items:
                taken.append(self._take(s3, item))  # noqa: PERF401 - those taken so far are given back on failure
            yield taken
        finally:
            with self._lock:
                for path in taken:
                    self._pins[path] -= 1
                self._evict()

    def _take(self, s3: Any, item: DataObject) -> Path:
        path = self._path(item)
        with self._lock:
            self._pins[path] = self._pins.get(path, 0) + 1
            if path in self._files:
                self._files.move_to_end(path)
                return path
        try:
            self._download(s3, item, path)
        except BaseException:
            with self._lock:
                self._pins[path] -= 1
            raise
        return path

    def _path(self, item: DataObject) -> Path:
        name = hashlib.sha256(f"{item.bucket}\0{item.key}\0{item.etag}".encode()).hexdigest()[:40]
        return Path(self._folder.name, f"{name}.parquet")

    def _download(self, s3: Any, item: DataObject, path: Path) -> None:
        with tempfile.NamedTemporaryFile(dir=self._folder.name, delete=False) as part:
            body = get_object(s3, item)["Body"]
            while piece := body.read(1 << 20):
                part.write(piece)
        Path(part.name).replace(path)
        with self._lock:
            self._files[path] = item.size
            self._evict()

    def _evict(self) -> None:
        total = sum(self._files.values())
        for path in list(self._files):
            if total <= self._limit:
                return
            if not self._pins.get(path):
                total -= self._files.pop(path)
                self._pins.pop(path, None)
                path.unlink(missing_ok=True)

    def _read_footer(self, s3: Any, item: DataObject) -> Any:
        if item.size < 12:
            raise not_parquet(item)
        if item.size <= WHOLE_BYTES:
            with self.files(s3, [item]) as (path,):
                return parse_footer(path.read_bytes(), item)
        tail = get_object(s3, item, f"bytes={item.size - FOOTER_BYTES}-")["Body"].read()
        needed = int.from_bytes(tail[-8:-4], "little") + 8
        if tail[-4:] == b"PAR1" and len(tail) < needed <= item.size:
            tail = get_object(s3, item, f"bytes={item.size - needed}-")["Body"].read()
        return parse_footer(tail, item)


def get_object(s3: Any, item: DataObject, byte_range: str | None = None) -> Any:
    """GET what was listed, or fail as Athena does when it changed or went since."""
    ranged = {"Range": byte_range} if byte_range else {}
    try:
        return s3.get_object(Bucket=item.bucket, Key=item.key, IfMatch=f'"{item.etag}"', **ranged)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"NoSuchKey", "404", "PreconditionFailed", "412"}:
            raise QueryError(
                "HIVE_FILESYSTEM_ERROR",
                f"Failed reading {item.path}: the object changed while the query ran",
            ) from error
        raise


def parse_footer(tail: bytes, item: DataObject) -> Any:
    """Parse a footer from an object's last bytes.

    Raises:
        QueryError: HIVE_CANNOT_OPEN_SPLIT: it is not Parquet.
    """
    if tail[-4:] != b"PAR1":
        raise not_parquet(item)
    try:
        return pq.ParquetFile(io.BytesIO(tail if tail[:4] == b"PAR1" else b"PAR1" + tail)).metadata
    except (OSError, ValueError) as error:
        raise not_parquet(item) from error


def not_parquet(item: DataObject) -> QueryError:
    """Return what Athena says of an object that it cannot open."""
    return QueryError(
        "HIVE_CANNOT_OPEN_SPLIT",
        f"Error opening Hive split {item.path} (offset=0, length={item.size}): {item.path} is not a valid Parquet File",
    )
