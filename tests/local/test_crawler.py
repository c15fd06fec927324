"""A Glue crawler over a small lake: what it makes, what it changes, its states and events."""

import io
import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from local.server import REGION, Server
from tests.local.deployed.compare import client_factory

pytestmark = pytest.mark.local

LEVEL_3 = {  # what template.yaml has
    "Version": 1.0,
    "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas", "TableLevelConfiguration": 3},
    "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}},
}
MERGING = LEVEL_3 | {
    "CrawlerOutput": {
        "Partitions": {"AddOrUpdateBehavior": "InheritFromTable"},
        "Tables": {"AddOrUpdateBehavior": "MergeNewColumns"},
    }
}
UPDATE = {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"}
LIMIT_S = 20.0


class Lake:
    """A bucket, a database and a crawler of its own."""

    def __init__(self, clients: Callable[[str], Any]) -> None:
        self.clients = clients
        self.s3, self.glue = clients("s3"), clients("glue")
        self.name = f"t{uuid.uuid4().hex[:12]}"
        self.s3.create_bucket(Bucket=self.name)
        self.glue.create_database(DatabaseInput={"Name": self.name})

    def put(self, key: str, **columns: Any) -> None:
        """Write a Parquet object of these columns."""
        sink = io.BytesIO()
        pq.write_table(pa.table(columns), sink)
        self.s3.put_object(Bucket=self.name, Key=key, Body=sink.getvalue())

    def define(self, **more: Any) -> None:
        """Create the crawler."""
        settings = {
            "Targets": {"S3Targets": [{"Path": f"s3://{self.name}/lake/"}]},
            "Configuration": json.dumps(LEVEL_3),
            "SchemaChangePolicy": UPDATE,
        }
        self.glue.create_crawler(Name=self.name, Role="crawl", DatabaseName=self.name, **(settings | more))

    def crawl(self) -> dict[str, Any]:
        """Run the crawler to its end and return it."""
        self.glue.start_crawler(Name=self.name)
        return self.wait()

    def wait(self) -> dict[str, Any]:
        """Wait until the crawler is ready."""
        deadline = time.monotonic() + LIMIT_S
        while True:
            crawler: dict[str, Any] = self.glue.get_crawler(Name=self.name)["Crawler"]
            if crawler["State"] == "READY":
                return crawler
            assert time.monotonic() < deadline, crawler
            time.sleep(0.02)

    def tables(self) -> dict[str, Any]:
        """Return name → table."""
        return {table["Name"]: table for table in self.glue.get_tables(DatabaseName=self.name)["TableList"]}

    def columns(self, table: str) -> dict[str, str]:
        """Return a table's columns."""
        return {column["Name"]: column["Type"] for column in self.tables()[table]["StorageDescriptor"]["Columns"]}

    def partitions(self, table: str) -> dict[tuple[str, ...], Any]:
        """Return values → partition."""
        found = self.glue.get_partitions(DatabaseName=self.name, TableName=table)["Partitions"]
        return {tuple(partition["Values"]): partition for partition in found}

    def remove(self) -> None:
        """Delete everything."""
        for item in self.s3.list_objects_v2(Bucket=self.name).get("Contents", []):
            self.s3.delete_object(Bucket=self.name, Key=item["Key"])
        self.s3.delete_bucket(Bucket=self.name)
        self.glue.delete_database(Name=self.name)
        if self.name in self.glue.list_crawlers()["CrawlerNames"]:
            self.wait()
            self.glue.delete_crawler(Name=self.name)


@pytest.fixture(scope="module")
def clients(server: Server) -> Callable[[str], Any]:
    return client_factory(server.endpoint_url, REGION)


@pytest.fixture
def lake(clients: Callable[[str], Any]) -> Iterator[Lake]:
    made = Lake(clients)
    yield made
    made.remove()


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


def test_tables_and_partitions_are_what_lies_in_the_bucket(lake: Lake) -> None:
    lake.put("lake/sales/dt=2026-01-01/a.parquet", id=[1, 2], amount=pa.array([None, None], pa.decimal128(18, 2)))
    lake.put("lake/sales/dt=2026-01-02/b.parquet", id=[3], note=["x"])
    lake.put("lake/Country-Codes/c.parquet", code=["NA"], day=pa.array([0], pa.date32()))
    lake.s3.put_object(Bucket=lake.name, Key="lake/sales/dt=2026-01-01/readme.txt", Body=b"no Parquet")
    lake.put("lake/sales/_tmp/d.parquet", wrong=[1])
    lake.define(TablePrefix="raw_")
    crawler = lake.crawl()

    assert crawler["LastCrawl"]["Status"] == "SUCCEEDED"
    assert sorted(lake.tables()) == ["raw_country_codes", "raw_sales"]
    table = lake.tables()["raw_sales"]
    assert lake.columns("raw_sales") == {"id": "bigint", "amount": "decimal(18,2)", "note": "string"}
    assert lake.columns("raw_country_codes") == {"code": "string", "day": "date"}
    assert [(key["Name"], key["Type"]) for key in table["PartitionKeys"]] == [("dt", "string")]
    assert table["TableType"] == "EXTERNAL_TABLE"
    assert table["StorageDescriptor"]["Location"] == f"s3://{lake.name}/lake/sales/"
    assert table["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"].endswith("ParquetHiveSerDe")
    parameters = table["Parameters"]
    assert (parameters["classification"], parameters["UPDATED_BY_CRAWLER"]) == ("parquet", lake.name)
    assert (parameters["recordCount"], parameters["objectCount"], parameters["typeOfData"]) == ("3", "2", "file")
    held = lake.partitions("raw_sales")
    assert sorted(held) == [("2026-01-01",), ("2026-01-02",)]
    storage = held["2026-01-02",]["StorageDescriptor"]
    assert storage["Location"] == f"s3://{lake.name}/lake/sales/dt=2026-01-02/"
    assert storage["Columns"] == table["StorageDescriptor"]["Columns"], "partitions inherit the table's columns"


def test_a_second_crawl_changes_only_what_changed(lake: Lake) -> None:
    lake.put("lake/sales/dt=1/a.parquet", id=[1])
    lake.define(Configuration=json.dumps(MERGING))
    lake.crawl()
    lake.crawl()
    assert lake.tables()["sales"]["VersionId"] == "1", "nothing changed, so there is no new version"
    lake.put("lake/sales/dt=1/b.parquet", id=["text"], more=[1.5])
    lake.put("lake/sales/dt=2/c.parquet", id=[2])
    lake.crawl()
    assert lake.columns("sales") == {"id": "bigint", "more": "double"}, "new columns are added, none changes its type"
    assert sorted(lake.partitions("sales")) == [("1",), ("2",)]
    names = [column["Name"] for column in lake.partitions("sales")["1",]["StorageDescriptor"]["Columns"]]
    assert names == ["id", "more"]
    lake.put("lake/sales/dt=1/a.parquet", id=[1, 2, 3, 4, 5])
    lake.crawl()
    assert lake.partitions("sales")["1",]["Parameters"]["recordCount"] == "6", "what was replaced is read again"
    (metrics,) = lake.glue.get_crawler_metrics(CrawlerNameList=[lake.name])["CrawlerMetricsList"]
    assert (metrics["TablesCreated"], metrics["TablesUpdated"]) == (0, 1)
    runs = lake.glue.list_crawls(CrawlerName=lake.name)["Crawls"]
    assert [run["State"] for run in runs] == ["COMPLETED"] * 4
    assert runs[0]["StartTime"] >= runs[-1]["StartTime"]


def edit_by_hand(lake: Lake, table: str) -> None:
    """Describe a table and its first column, as people do."""
    held = lake.tables()[table]
    members = ("Name", "Owner", "Retention", "TableType", "PartitionKeys", "StorageDescriptor", "Parameters")
    edited = {name: held[name] for name in members} | {"Description": "what we sold"}
    edited["StorageDescriptor"]["Columns"][0]["Comment"] = "the number"
    edited["Parameters"]["ours"] = "yes"
    lake.glue.update_table(DatabaseName=lake.name, TableInput=edited)


def test_a_table_follows_its_files(lake: Lake) -> None:
    """Types that all files changed to are taken; what no file has any more, and what people wrote, goes."""
    lake.put("lake/sales/dt=1/a.parquet", id=[1], old=[1])
    lake.put("lake/sales/dt=2/b.parquet", id=[2])
    lake.define()
    lake.crawl()
    assert lake.columns("sales") == {"id": "bigint", "old": "bigint"}
    edit_by_hand(lake, "sales")
    lake.put("lake/sales/dt=1/a.parquet", id=pa.array([1], pa.decimal128(18, 2)))
    lake.crawl()
    assert lake.columns("sales") == {"id": "string"}, "while files of two types are there"
    lake.put("lake/sales/dt=2/b.parquet", id=pa.array([2], pa.decimal128(18, 2)))
    lake.crawl()
    assert lake.columns("sales") == {"id": "decimal(18,2)"}
    for partition in lake.partitions("sales").values():
        assert partition["StorageDescriptor"]["Columns"] == [{"Name": "id", "Type": "decimal(18,2)"}]
    table = lake.tables()["sales"]
    assert "ours" not in table["Parameters"]
    assert not table.get("Description")


def test_first_files_of_two_types_become_text_that_neither_stores(lake: Lake) -> None:
    """No crawl gives both files a type; docs/types.md says so."""
    lake.put("lake/sales/a.parquet", id=[1])
    lake.put("lake/sales/b.parquet", id=["n/a"])
    lake.define()
    lake.crawl()
    lake.crawl()
    assert lake.columns("sales") == {"id": "string"}


def test_a_policy_of_log_makes_tables_and_changes_none(lake: Lake) -> None:
    lake.put("lake/sales/dt=1/a.parquet", id=[1])
    lake.define(SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"})
    lake.crawl()
    before = lake.tables()["sales"], lake.partitions("sales")
    lake.put("lake/sales/dt=1/b.parquet", id=[1], more=[1])
    lake.put("lake/new/c.parquet", id=[1])
    lake.crawl()
    assert (lake.tables()["sales"], lake.partitions("sales")) == before
    lake.s3.delete_object(Bucket=lake.name, Key="lake/sales/dt=1/a.parquet")
    lake.crawl()
    assert lake.columns("sales") == {"id": "bigint"}
    assert sorted(lake.tables()) == ["new", "sales"]


@pytest.mark.parametrize("behaviour", ["DELETE_FROM_DATABASE", "DEPRECATE_IN_DATABASE", "LOG"])
def test_tables_whose_files_are_gone(lake: Lake, behaviour: str) -> None:
    lake.put("lake/gone/dt=1/a.parquet", id=[1])
    lake.put("lake/kept/dt=1/b.parquet", id=[1])
    lake.put("lake/kept/dt=2/c.parquet", id=[1])
    lake.glue.create_table(DatabaseName=lake.name, TableInput={"Name": "made_by_others"})
    lake.define(SchemaChangePolicy={"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": behaviour})
    lake.crawl()
    for key in ("lake/gone/dt=1/a.parquet", "lake/kept/dt=2/c.parquet"):
        lake.s3.delete_object(Bucket=lake.name, Key=key)
    lake.crawl()
    tables = lake.tables()
    assert {"kept", "made_by_others"} <= tables.keys()
    assert ("gone" in tables) == (behaviour != "DELETE_FROM_DATABASE")
    if "gone" in tables:
        assert ("DEPRECATED_BY_CRAWLER" in tables["gone"]["Parameters"]) == (behaviour == "DEPRECATE_IN_DATABASE")
    assert (("2",) in lake.partitions("kept")) == (behaviour != "DELETE_FROM_DATABASE")


def test_new_folders_only(lake: Lake) -> None:
    lake.put("lake/sales/dt=1/a.parquet", id=[1])
    lake.define(
        RecrawlPolicy={"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"},
        SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"},
    )
    lake.crawl()
    before = lake.partitions("sales")["1",]["Parameters"]
    lake.put("lake/sales/dt=1/b.parquet", id=[2])
    lake.put("lake/sales/dt=2/c.parquet", id=[3])
    lake.crawl()
    assert sorted(lake.partitions("sales")) == [("1",), ("2",)]
    assert lake.partitions("sales")["1",]["Parameters"] == before, "a folder that was crawled is passed over"


def test_exclusions(lake: Lake) -> None:
    lake.put("lake/sales/a.parquet", id=[1])
    lake.put("lake/sales/old/b.parquet", id=[1])
    lake.put("lake/draft_x/c.parquet", id=[1])
    lake.define(Targets={"S3Targets": [{"Path": f"s3://{lake.name}/lake", "Exclusions": ["draft_*/**", "**/old/**"]}]})
    lake.crawl()
    assert list(lake.tables()) == ["sales"]
    assert lake.tables()["sales"]["PartitionKeys"] == []


def test_states_and_their_errors(lake: Lake) -> None:
    for n in range(40):
        lake.put(f"lake/sales/dt={n}/a.parquet", id=[1])
    lake.define()
    with pytest.raises(ClientError) as error:
        lake.glue.stop_crawler(Name=lake.name)
    assert code(error) == "CrawlerNotRunningException"

    lake.glue.start_crawler(Name=lake.name)
    assert lake.glue.get_crawler(Name=lake.name)["Crawler"]["State"] == "RUNNING"
    for call, arguments in (("start_crawler", {}), ("delete_crawler", {}), ("update_crawler", {"Description": "x"})):
        with pytest.raises(ClientError) as error:
            getattr(lake.glue, call)(Name=lake.name, **arguments)
        assert code(error) == "CrawlerRunningException"
    lake.glue.stop_crawler(Name=lake.name)
    with pytest.raises(ClientError) as error:
        lake.glue.stop_crawler(Name=lake.name)
    assert code(error) in {"CrawlerStoppingException", "CrawlerNotRunningException"}
    assert lake.wait()["LastCrawl"]["Status"] == "CANCELLED"
    assert lake.crawl()["LastCrawl"]["Status"] == "SUCCEEDED"
    assert len(lake.partitions("sales")) == 40

    with pytest.raises(ClientError) as error:
        lake.glue.start_crawler(Name="nobody")
    assert code(error) == "EntityNotFoundException"


def test_a_crawl_that_fails_says_why(lake: Lake) -> None:
    lake.define(Targets={"S3Targets": [{"Path": "s3://there-is-no-such-bucket/x/"}]})
    crawler = lake.crawl()
    assert crawler["LastCrawl"]["Status"] == "FAILED"
    assert "bucket does not exist" in crawler["LastCrawl"]["ErrorMessage"]


def test_update_and_schedule(lake: Lake) -> None:
    lake.define(Schedule="cron(0 1 * * ? *)", Description="one")
    lake.glue.update_crawler(Name=lake.name, Description="two", TablePrefix="p_")
    crawler = lake.glue.get_crawler(Name=lake.name)["Crawler"]
    assert (crawler["Description"], crawler["TablePrefix"], crawler["Version"]) == ("two", "p_", 2)
    assert crawler["Schedule"] == {"ScheduleExpression": "cron(0 1 * * ? *)", "State": "SCHEDULED"}
    lake.glue.stop_crawler_schedule(CrawlerName=lake.name)
    assert lake.glue.get_crawler(Name=lake.name)["Crawler"]["Schedule"]["State"] == "NOT_SCHEDULED"
    with pytest.raises(ClientError) as error:
        lake.glue.stop_crawler_schedule(CrawlerName=lake.name)
    assert code(error) == "SchedulerNotRunningException"
    lake.glue.start_crawler_schedule(CrawlerName=lake.name)
    lake.glue.update_crawler_schedule(CrawlerName=lake.name, Schedule="cron(0 2 * * ? *)")
    crawler = lake.glue.get_crawler(Name=lake.name)["Crawler"]
    assert crawler["Schedule"] == {"ScheduleExpression": "cron(0 2 * * ? *)", "State": "SCHEDULED"}
    lake.glue.update_crawler(Name=lake.name, Schedule="")
    assert "Schedule" not in lake.glue.get_crawler(Name=lake.name)["Crawler"]
    for wrong in ({"Schedule": "rate(5 minutes)"}, {"Configuration": "{"}):
        with pytest.raises(ClientError) as error:
            lake.glue.update_crawler(Name=lake.name, **wrong)
        assert code(error) == "InvalidInputException"


@pytest.mark.nightly
def test_a_schedule_starts_the_crawler(lake: Lake) -> None:
    lake.put("lake/sales/a.parquet", id=[1])
    lake.define(Schedule="cron(* * * * ? *)")
    deadline = time.monotonic() + 70
    while not lake.tables():
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert list(lake.tables()) == ["sales"]


def test_changes_reach_rules_on_the_default_bus(lake: Lake) -> None:
    sqs, events = lake.clients("sqs"), lake.clients("events")
    url = sqs.create_queue(QueueName=lake.name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    either = [{"crawlerName": [lake.name]}, {"databaseName": [lake.name]}]
    events.put_rule(Name=lake.name, EventPattern=json.dumps({"source": ["aws.glue"], "detail": {"$or": either}}))
    events.put_targets(Rule=lake.name, Targets=[{"Id": "q", "Arn": arn}])
    lake.put("lake/sales/dt=1/a.parquet", id=[1])
    lake.define()
    lake.crawl()
    told: dict[str, Any] = {}
    deadline = time.monotonic() + LIMIT_S
    while len(told) < 4:
        assert time.monotonic() < deadline, told
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []):
            event = json.loads(message["Body"])
            told[event["detail"].get("state") or event["detail"]["typeOfChange"]] = event
    assert told["Started"]["detail-type"] == told["Succeeded"]["detail-type"] == "Glue Crawler State Change"
    detail = told["Succeeded"]["detail"]
    assert (detail["tablesCreated"], detail["partitionsCreated"]) == ("1", "1")
    assert told["CreateTable"]["detail-type"] == "Glue Data Catalog Database State Change"
    assert told["CreateTable"]["detail"]["changedTables"] == ["sales"]
    assert told["BatchCreatePartition"]["detail-type"] == "Glue Data Catalog Table State Change"
    assert told["BatchCreatePartition"]["detail"]["changedPartitions"] == ["[1]"]
    events.remove_targets(Rule=lake.name, Ids=["q"])
    events.delete_rule(Name=lake.name)
    sqs.delete_queue(QueueUrl=url)
