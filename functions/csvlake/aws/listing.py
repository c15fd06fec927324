"""Walk the keys of a bucket, page by page: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from csvlake.aws.errors import translated_pages
from csvlake.lake.ports import ObjectInfo

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["list_folders", "list_objects"]


def list_objects(client: "S3Client", bucket: str, prefix: str, after: str, *, deep: bool) -> Iterator[ObjectInfo]:
    """Yield the objects below a prefix; see `ObjectStore.list_objects`."""
    asked = {**({"StartAfter": after} if after else {}), **({} if deep else {"Delimiter": "/"})}
    for page in _pages(client, bucket, prefix, **asked):
        for item in page.get("Contents", []):
            yield ObjectInfo(item["Key"], item["ETag"].strip('"'), item["Size"], last_modified=item["LastModified"])


def list_folders(client: "S3Client", bucket: str, prefix: str) -> Iterator[str]:
    """Yield every folder directly below a prefix; see `ObjectStore.list_folders`."""
    for page in _pages(client, bucket, prefix, Delimiter="/"):
        yield from (folder["Prefix"] for folder in page.get("CommonPrefixes", []))


def _pages(client: "S3Client", bucket: str, prefix: str, **asked: str) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **asked)  # type: ignore[arg-type]
    return translated_pages(pages, f"list s3://{bucket}/{prefix}")
