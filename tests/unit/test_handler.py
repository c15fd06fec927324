"""The Lambda function over moto: every sample event, every outcome, and what a container keeps."""

import importlib.util
import io
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from csvlake.errors import TransientError
from csvlake.handlers import convert


def load_make_events() -> Any:
    """Import the script by its path: a package of PyPI is called events, too."""
    path = Path(__file__).parents[2] / "events" / "make_events.py"
    spec = importlib.util.spec_from_file_location("make_events", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_events = load_make_events()
REGION = "eu-west-1"
KEY = make_events.KEY
SAMPLES = sorted(path.name for path in Path(make_events.FOLDER).glob("*.json"))


class Context:
    aws_request_id = "request-1"
    function_name = "csvlake-convert"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:csvlake-convert"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


class Cloud:
    """A user's and an operator's view of the account."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3", region_name=REGION)
        self.glue = boto3.client("glue", region_name=REGION)
        boto3.client("sqs", region_name=REGION).create_queue(QueueName="convert")
        self.s3.create_bucket(Bucket=make_events.BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.glue.create_database(DatabaseInput={"Name": "lake"})

    def upload(self, key: str, text: str = "id,name\n1,a\n") -> None:
        self.s3.put_object(Bucket=make_events.BUCKET, Key=key, Body=text.encode())

    def remove(self, key: str) -> None:
        self.s3.delete_object(Bucket=make_events.BUCKET, Key=key)

    def keys(self, prefix: str) -> list[str]:
        answer = self.s3.list_objects_v2(Bucket=make_events.BUCKET, Prefix=prefix)
        return [held["Key"] for held in answer.get("Contents", [])]

    def rows(self, prefix: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for key in self.keys(prefix):
            body = self.s3.get_object(Bucket=make_events.BUCKET, Key=key)["Body"].read()
            with pq.ParquetFile(io.BytesIO(body)) as file:
                rows += file.read(use_threads=False).to_pylist()
        return rows


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    told = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "CSVLAKE_BUCKET": make_events.BUCKET,
        "CSVLAKE_DATABASE": "lake",
        "CSVLAKE_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/convert",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return monkeypatch


@pytest.fixture
def cloud(environment: pytest.MonkeyPatch) -> Iterator[Cloud]:
    convert._container.cache_clear()
    with mock_aws(config={"core": {"service_whitelist": None}}):
        yield Cloud()
    convert._container.cache_clear()


def invoke(event: Any) -> list[str]:
    """Return the identifiers of the messages that failed."""
    answer = convert.handler(event, Context())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def sample(name: str) -> Any:
    return json.loads((make_events.FOLDER / name).read_text(encoding="utf-8"))


def test_the_samples_are_what_the_script_makes() -> None:
    assert make_events.find_stale() == []
    assert len(SAMPLES) > 10


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_ends_as_it_should(cloud: Cloud, name: str) -> None:
    """The objects are as the events tell: created ones are there, deleted ones are not."""
    for key in (KEY, make_events.ODD_KEY, *(KEY.replace("01-01", f"01-0{number}") for number in range(2, 10))):
        if "deleted" not in name:
            cloud.upload(key)
    event = sample(name)
    poison = [record["messageId"] for record in event.get("Records", []) if record.get("body") == "this is no JSON"]
    assert invoke(event) == poison
    expected = {
        "sqs-batch-of-ten-one-poison.json": 9,
        "sqs-s3-notification-odd-key.json": 2,
        "sqs-poison.json": 0,
        "sqs-s3-test-event.json": 0,
        "sqs-eventbridge-deleted.json": 0,
        "sqs-sns-eventbridge-deleted.json": 0,
    }
    rows = cloud.rows("parquet-files/")
    assert rows == [{"id": 1, "name": "a"}] * expected.get(name, 0 if "crawler" in name else 1)
    outcomes = {row["outcome"] for row in cloud.rows("meta/conversions/")}
    assert outcomes == ({"deleted"} if "deleted" in name else {"converted"} if rows else set())


def test_a_life_of_one_key(cloud: Cloud) -> None:
    event = sample("sqs-eventbridge-created.json")
    outcomes: list[str] = []

    def step(change: Callable[[], None]) -> list[dict[str, Any]]:
        change()
        assert invoke(event) == []
        rows = cloud.rows("meta/conversions/")  # none replaces another, though all have one request identifier
        assert [row["outcome"] for row in rows[:-1]] == outcomes
        outcomes.append(rows[-1]["outcome"])
        return cloud.rows("parquet-files/")

    assert step(lambda: cloud.upload(KEY, "id\n1\n2\n")) == [{"id": 1}, {"id": 2}]
    assert step(lambda: None) == [{"id": 1}, {"id": 2}]
    assert step(lambda: cloud.upload(KEY, "id\n3\n")) == [{"id": 3}]
    assert step(lambda: cloud.upload(KEY, "")) == []
    assert step(lambda: cloud.upload(KEY, "id\n4\n")) == [{"id": 4}]
    assert step(lambda: cloud.remove(KEY)) == []
    assert outcomes == ["converted", "unchanged", "converted", "refused", "converted", "deleted"]


def test_the_table_is_what_athena_reads(cloud: Cloud) -> None:
    cloud.upload(KEY, 'Amount,"Order Day"\n12.50,2026-01-01\n')
    assert invoke(sample("sqs-eventbridge-created.json")) == []
    table = cloud.glue.get_table(DatabaseName="lake", Name="sales")["Table"]
    storage = table["StorageDescriptor"]
    assert [(column["Name"], column["Type"], column.get("Comment")) for column in storage["Columns"]] == [
        ("amount", "decimal(18,2)", "Amount"),
        ("order_day", "date", "Order Day"),
    ]
    assert storage["Location"] == f"s3://{make_events.BUCKET}/parquet-files/sales/"
    assert storage["SerdeInfo"]["SerializationLibrary"].endswith("ParquetHiveSerDe")
    assert table["PartitionKeys"] == [{"Name": "dt", "Type": "string"}]
    assert (table["TableType"], table["Parameters"]["classification"]) == ("EXTERNAL_TABLE", "parquet")
    (partition,) = cloud.glue.get_partitions(DatabaseName="lake", TableName="sales")["Partitions"]
    assert partition["Values"] == ["2026-01-01"]
    assert partition["StorageDescriptor"]["Location"].endswith("/parquet-files/sales/dt=2026-01-01/")


def test_ten_small_files_cost_what_they_must(cloud: Cloud) -> None:
    keys = [f"csv-files/t/{number}.csv" for number in range(10)]
    for key in keys:
        cloud.upload(key)
    invoke(make_events.sqs(*(make_events.eventbridge(key) for key in keys[:1])))
    sent: list[str] = []
    container = convert._container()
    for client in (container.converger._lake.store._client, container.converger._lake.tables._catalog._client):  # type: ignore[attr-defined]
        client.meta.events.register("before-call.*.*", lambda model, **_: sent.append(model.name))
    invoke(make_events.sqs(*(make_events.eventbridge(key) for key in keys[1:])))
    assert {name: sent.count(name) for name in set(sent)} == {"GetObject": 9, "PutObject": 10, "HeadObject": 9}


def test_a_direct_invocation_fails_as_a_whole(cloud: Cloud) -> None:
    with pytest.raises(TransientError, match="unknown message"):
        invoke({"hello": "world"})
    assert cloud.keys("meta/") == []


def test_in_crawler_mode_the_crawler_is_started(cloud: Cloud, environment: pytest.MonkeyPatch) -> None:
    cloud.glue.create_crawler(
        Name="crawler", Role="r", DatabaseName="lake", Targets={"S3Targets": [{"Path": f"s3://{make_events.BUCKET}/"}]}
    )
    environment.setenv("CSVLAKE_CATALOG_MODE", "crawler")
    environment.setenv("CSVLAKE_CRAWLER_NAME", "crawler")
    cloud.upload(KEY)
    assert invoke(sample("sqs-eventbridge-created.json")) == []
    assert cloud.glue.get_tables(DatabaseName="lake")["TableList"] == []
    assert cloud.glue.get_crawler(Name="crawler")["Crawler"]["State"] == "RUNNING"
    assert cloud.keys("meta/_crawl-wanted") == []
    assert invoke(sample("sqs-eventbridge-created.json")) == []  # while it runs: kept for later
    assert cloud.keys("meta/_crawl-wanted") == ["meta/_crawl-wanted"]
    assert invoke(sample("sqs-eventbridge-crawler-succeeded.json")) == []


def test_trouble_is_logged_with_its_key(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    def fail(**_: object) -> None:
        raise ConnectionError("the network is away")

    cloud.upload(KEY)
    store: Any = convert._container().converger._lake.store
    store._client.meta.events.register("before-call.s3.GetObject", fail)
    (failed,) = invoke(sample("sqs-eventbridge-created.json"))
    assert failed == sample("sqs-eventbridge-created.json")["Records"][0]["messageId"]
    (told,) = [record for record in caplog.records if record.message == "conversion failed"]
    assert vars(told)["source_key"] == KEY
    assert "the network is away" in str(told.exc_text)


def test_a_new_container_removes_the_scratch_of_one_that_was_killed(cloud: Cloud, tmp_path: Path) -> None:
    left = tmp_path / "csvlake-convert" / ".csvlake-killed.parquet"
    left.parent.mkdir()
    left.write_bytes(b"PAR1")
    cloud.upload(KEY)
    assert invoke(sample("sqs-eventbridge-created.json")) == []
    assert not left.exists()
    assert left.parent.is_dir()
