"""The implementations that the suites run over: in memory, and AWS's adapters over moto, which needs no sockets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws

from csvlake.aws import GlueCatalog, S3ObjectStore
from csvlake.lake.ports import Catalog, ObjectInfo, ObjectStore
from tests.fakes import MemoryCatalog, MemoryStore

REGION: Final = "eu-west-1"
BUCKET = "lake"
DATABASE = "lake"


@dataclass
class StoreUnderTest:
    """An `ObjectStore`, and a user's hand in the same bucket."""

    store: ObjectStore
    upload: Callable[[str, bytes], ObjectInfo]
    remove: Callable[[str], None]
    read: Callable[[str], bytes]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """Yield a session of moto's AWS, with a bucket and a database."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws(config={"core": {"service_whitelist": None}}):
        session = boto3.Session(region_name=REGION)
        session.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        session.client("glue").create_database(DatabaseInput={"Name": DATABASE})
        yield session


def in_memory() -> StoreUnderTest:
    store = MemoryStore()
    return StoreUnderTest(store, store.upload, store.remove, lambda key: store.objects[key][1])


def in_s3(session: boto3.Session) -> StoreUnderTest:
    client = session.client("s3")
    store = S3ObjectStore(session, BUCKET)

    def upload(key: str, data: bytes) -> ObjectInfo:
        client.put_object(Bucket=BUCKET, Key=key, Body=data)
        info = store.head(key)
        assert info is not None
        return info

    def remove(key: str) -> None:
        client.delete_object(Bucket=BUCKET, Key=key)

    def read(key: str) -> bytes:
        return client.get_object(Bucket=BUCKET, Key=key)["Body"].read()

    return StoreUnderTest(store, upload, remove, read)


@pytest.fixture(params=["memory", "s3"])
def under_test(request: pytest.FixtureRequest) -> StoreUnderTest:
    return in_memory() if request.param == "memory" else in_s3(request.getfixturevalue("aws"))


@pytest.fixture(params=["memory", "glue"])
def catalog(request: pytest.FixtureRequest) -> Catalog:
    made: Any = MemoryCatalog() if request.param == "memory" else GlueCatalog(request.getfixturevalue("aws"), DATABASE)
    return made  # type: ignore[no-any-return]
