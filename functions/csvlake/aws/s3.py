"""One bucket as the lake's `ObjectStore`."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError

from csvlake.aws.client_config import make_config
from csvlake.aws.errors import GONE_CODES, UNMET_CODES, code_of, translated
from csvlake.aws.footer import read_footer_metadata
from csvlake.aws.listing import list_folders, list_objects
from csvlake.aws.publish import Publication
from csvlake.aws.source import S3Source
from csvlake.aws.upload import S3Upload, condition
from csvlake.aws.write_table import write_table
from csvlake.lake.ports import IN_FOOTER, ObjectInfo, PreconditionFailed

if TYPE_CHECKING:
    import pyarrow as pa
    from mypy_boto3_s3 import S3Client

__all__ = ["S3ObjectStore", "open_s3_source"]

_FIRST_BYTES = 8 << 20  # a small file comes with the request that finds it
_TAIL_BYTES = 64 << 10  # hold the footer of most files
_MAX_FOOTER_BYTES = 64 << 20  # that are read; who writes to the bucket may claim any length
_CONFIG = make_config(4, max_pool_connections=16)
_TAKE_FROM_ANSWER = {"version_id": "VersionId", "last_modified": "LastModified"}


class S3ObjectStore:
    """The `ObjectStore` of a bucket.

    Needs ``s3:ListBucket``, too: without it S3 answers 403 where there is no object.
    """

    def __init__(self, session: boto3.Session, bucket: str) -> None:
        self._client: S3Client = session.client("s3", config=_CONFIG)
        self._bucket = bucket

    def open_source(self, key: str) -> S3Source | None:
        """Get the object's first 8 MiB, which is all of a small one; None where there is none."""
        with translated(f"read {self._url(key)}"):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key, Range=f"bytes=0-{_FIRST_BYTES - 1}")
            except ClientError as error:
                if code_of(error) in GONE_CODES:
                    return None
                if code_of(error) in {"InvalidRange", "416"}:  # an empty object has no byte 0
                    info = self.head(key)
                    return None if info is None else S3Source(self._client, self._bucket, info, b"")
                raise
            first = answer["Body"].read()
        # "bytes 0-99/100": https://www.rfc-editor.org/rfc/rfc9110#field.content-range
        size = int(answer["ContentRange"].rpartition("/")[2]) if "ContentRange" in answer else len(first)
        return S3Source(self._client, self._bucket, _info(key, size, answer), first)

    def head(self, key: str) -> ObjectInfo | None:
        """Look at an object without reading more of it than a Parquet file's footer; None where there is none."""
        with translated(f"look at {self._url(key)}"):
            try:
                answer = self._client.head_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if code_of(error) in GONE_CODES:
                    return None
                raise
        info = _info(key, answer["ContentLength"], answer)
        if IN_FOOTER.items() <= info.metadata.items():
            told = self._read_footer(info)
            return self.head(key) if told is None else replace(info, metadata={**info.metadata, **told})
        return info

    def _read_footer(self, info: ObjectInfo) -> dict[str, str] | None:
        """Return what a Parquet file's footer tells of csvlake, nothing where it is none; None if the object moved."""
        size = min(info.size, _TAIL_BYTES)
        while True:
            with translated(f"read the footer of {self._url(info.key)}"):
                try:
                    answer = self._client.get_object(
                        Bucket=self._bucket, Key=info.key, Range=f"bytes=-{size}", IfMatch=info.etag
                    )
                except ClientError as error:
                    if code_of(error) in GONE_CODES | UNMET_CODES:
                        return None
                    raise
                tail = answer["Body"].read()
            needed = int.from_bytes(tail[-8:-4], "little") + 8  # the footer's length, and PAR1
            if needed <= size or needed > min(info.size, _MAX_FOOTER_BYTES):
                return read_footer_metadata(tail)
            size = needed

    def put_table(
        self,
        key: str,
        table: "pa.Table",
        writer_arguments: Mapping[str, Any],
        metadata: Mapping[str, str] | None = None,
        expected: str | None = None,
    ) -> None:
        """Write a table as one row group; see `ObjectStore.put_table`."""
        request = {"Metadata": dict(metadata or {}), **condition(expected)}
        with translated(f"write {self._url(key)}"), Publication(self._client) as publication:
            write_table(publication, self._bucket, key, table, writer_arguments, request)
            self._commit(publication, key)

    def begin_file(self, key: str, metadata: Mapping[str, str] | None = None) -> S3Upload:
        """Return an upload of a local file in several parts at a time; see `ObjectStore.begin_file`.

        Not with ``awswrangler.s3.upload``, which reads the whole file into memory, twice.
        """
        return S3Upload(self._client, self._bucket, key, metadata or {})

    def touch(self, key: str) -> None:
        """Write an empty object."""
        with translated(f"write {self._url(key)}"):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=b"")

    def delete(self, key: str, expected: str) -> None:
        """Delete an object if it still is the one with this ETag.

        Stores that speak S3 but not conditional deletes answer 501. There the object is deleted as it is: the look at
        the source that follows every deletion keeps the end state right, if later.
        """
        with translated(f"delete {self._url(key)}"):
            try:
                self._client.delete_object(Bucket=self._bucket, Key=key, IfMatch=expected)
            except ClientError as error:
                if code_of(error) in GONE_CODES:
                    return
                if code_of(error) not in {"NotImplemented", "501"}:
                    raise
                self._client.delete_object(Bucket=self._bucket, Key=key)

    def has_any(self, prefix: str) -> bool:
        """Return whether any object's key begins with the prefix."""
        with translated(f"list {self._url(prefix)}"):
            answer = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, MaxKeys=1)
        return bool(answer.get("Contents"))

    def list_objects(self, prefix: str, after: str = "", *, deep: bool = True) -> Iterator[ObjectInfo]:
        """Yield the objects below a prefix, a request for each thousand."""
        return list_objects(self._client, self._bucket, prefix, after, deep=deep)

    def list_folders(self, prefix: str) -> Iterator[str]:
        """Yield the folders directly below a prefix, a request for each thousand."""
        return list_folders(self._client, self._bucket, prefix)

    def _commit(self, publication: Publication, key: str) -> None:
        try:
            publication.commit()
        except ClientError as error:
            if code_of(error) in GONE_CODES:  # what a condition on an ETag is answered with where nothing stands
                raise PreconditionFailed(f"could not write {self._url(key)}: it is gone") from error
            raise

    def _url(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"


def open_s3_source(url: str, session: boto3.Session | None = None) -> S3Source:
    """Open ``s3://bucket/key`` for the engine.

    Args:
        session: None for boto3's default one.

    Raises:
        FileNotFoundError: there is no such object.
        TransientError: it could not be read.
    """
    parts = urlsplit(url, allow_fragments=False)
    key = (parts.path + (f"?{parts.query}" if parts.query else "")).removeprefix("/")
    if parts.scheme != "s3" or not parts.netloc or not key:
        raise ValueError(f"{url!r} is not of the form s3://bucket/key")
    source = S3ObjectStore(session or boto3.Session(), parts.netloc).open_source(key)
    if source is None:
        raise FileNotFoundError(f"there is no object {url}")
    return source


def _info(key: str, size: int, answer: Mapping[str, Any]) -> ObjectInfo:
    taken = {name: answer.get(member) for name, member in _TAKE_FROM_ANSWER.items()}
    return ObjectInfo(key, answer["ETag"].strip('"'), size, metadata=answer.get("Metadata", {}), **taken)
