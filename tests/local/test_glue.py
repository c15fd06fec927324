"""The Glue catalog as its clients meet it: pages, versions, conflicts, partitions and their filters, statistics."""

import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.server import REGION, Server
from tests.local.deployed.compare import client_factory

pytestmark = pytest.mark.local


class Database:
    """A database of its own, and short ways to fill it."""

    def __init__(self, glue: Any) -> None:
        self.glue = glue
        self.name = f"t{uuid.uuid4().hex[:12]}"
        glue.create_database(DatabaseInput={"Name": self.name})

    def table(self, name: str, keys: dict[str, str] | None = None) -> dict[str, Any]:
        """Return the input of a table."""
        return {
            "Name": name,
            "PartitionKeys": [{"Name": key, "Type": kind} for key, kind in (keys or {}).items()],
            "StorageDescriptor": {
                "Location": f"s3://lake/{name}/",
                "Columns": [{"Name": "id", "Type": "bigint"}],
                "SerdeInfo": {"SerializationLibrary": "x"},
            },
        }

    def create(self, name: str, keys: dict[str, str] | None = None, partitions: list[list[str]] | None = None) -> None:
        """Create a table with partitions."""
        self.glue.create_table(DatabaseName=self.name, TableInput=self.table(name, keys))
        if partitions:
            answer = self.batch(name, partitions)
            assert not answer.get("Errors"), answer

    def batch(self, name: str, partitions: list[list[str]]) -> dict[str, Any]:
        """Create partitions in one call."""
        inputs = [{"Values": values, "StorageDescriptor": {"Location": "/".join(values)}} for values in partitions]
        answer: dict[str, Any] = self.glue.batch_create_partition(
            DatabaseName=self.name, TableName=name, PartitionInputList=inputs
        )
        return answer

    def get(self, name: str) -> dict[str, Any]:
        """Return a table."""
        table: dict[str, Any] = self.glue.get_table(DatabaseName=self.name, Name=name)["Table"]
        return table

    def values(self, name: str, **arguments: Any) -> list[list[str]]:
        """Return the values of the partitions that GetPartitions gives, over all pages."""
        pages = self.glue.get_paginator("get_partitions").paginate(DatabaseName=self.name, TableName=name, **arguments)
        return [partition["Values"] for page in pages for partition in page["Partitions"]]


@pytest.fixture(scope="module")
def glue(server: Server) -> Any:
    return client_factory(server.endpoint_url, REGION)("glue")


@pytest.fixture
def database(glue: Any) -> Iterator[Database]:
    made = Database(glue)
    yield made
    made.glue.delete_database(Name=made.name)


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return str(error.value.response["Error"]["Code"])


def test_what_exists_is_not_created_again_and_what_does_not_is_not_found(database: Database) -> None:
    glue, where = database.glue, {"DatabaseName": database.name}
    database.create("sales")
    assert refusal(glue.create_table, **where, TableInput=database.table("sales")) == "AlreadyExistsException"
    assert refusal(glue.create_database, DatabaseInput={"Name": database.name}) == "AlreadyExistsException"
    assert refusal(glue.get_table, **where, Name="none") == "EntityNotFoundException"
    assert refusal(glue.update_table, **where, TableInput=database.table("none")) == "EntityNotFoundException"
    assert refusal(glue.get_tables, DatabaseName="none") == "EntityNotFoundException"
    glue.delete_table(**where, Name="sales")
    assert refusal(glue.delete_table, **where, Name="sales") == "EntityNotFoundException"


def test_names_are_kept_in_lower_case_and_found_in_any(database: Database) -> None:
    database.create("Sales")
    assert database.get("SALES")["Name"] == "sales"
    assert refusal(
        database.glue.create_table, DatabaseName=database.name.upper(), TableInput=database.table("sALES")
    ) == ("AlreadyExistsException")


def test_lists_come_in_pages(database: Database) -> None:
    for n in range(7):
        database.create(f"t{n}")
    first = database.glue.get_tables(DatabaseName=database.name, MaxResults=3)
    assert len(first["TableList"]) == 3
    assert first["NextToken"]
    pages = list(
        database.glue.get_paginator("get_tables").paginate(DatabaseName=database.name, PaginationConfig={"PageSize": 3})
    )
    assert [len(page["TableList"]) for page in pages] == [3, 3, 1]
    assert sorted(table["Name"] for page in pages for table in page["TableList"]) == [f"t{n}" for n in range(7)]
    database.create("many", {"n": "string"}, [[str(n)] for n in range(100)])
    database.batch("many", [[str(n)] for n in range(100, 150)])
    assert len(database.glue.get_partitions(DatabaseName=database.name, TableName="many")["Partitions"]) == 100
    assert len(database.values("many")) == 150


def test_segments_share_the_partitions_between_them(database: Database) -> None:
    database.create("many", {"n": "string"}, [[str(n)] for n in range(60)])
    parts = [database.values("many", Segment={"SegmentNumber": n, "TotalSegments": 4}) for n in range(4)]
    assert sorted(value for part in parts for (value,) in part) == sorted(str(n) for n in range(60))
    assert all(len(part) < 60 for part in parts)


def test_a_table_s_versions_grow(database: Database) -> None:
    database.create("sales")
    for n in range(3):
        database.glue.update_table(
            DatabaseName=database.name, TableInput=database.table("sales") | {"Description": str(n)}
        )
    versions = database.glue.get_table_versions(DatabaseName=database.name, TableName="sales")["TableVersions"]
    numbers = [int(version["VersionId"]) for version in versions]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == 4
    assert database.get("sales")["VersionId"] == versions[0]["VersionId"]
    assert [version["Table"].get("Description") for version in versions] == ["2", "1", "0", None]


def test_without_an_archive_only_the_new_version_is_left(database: Database) -> None:
    database.create("sales")
    before = int(database.get("sales")["VersionId"])
    database.glue.update_table(DatabaseName=database.name, TableInput=database.table("sales"), SkipArchive=True)
    versions = database.glue.get_table_versions(DatabaseName=database.name, TableName="sales")["TableVersions"]
    assert [int(version["VersionId"]) for version in versions] == [before + 1]


def test_an_update_of_a_version_that_is_gone_is_refused(database: Database) -> None:
    database.create("sales")
    read = database.get("sales")["VersionId"]
    update = {"DatabaseName": database.name, "TableInput": database.table("sales"), "VersionId": read}
    database.glue.update_table(**update)
    assert refusal(database.glue.update_table, **update) == "ConcurrentModificationException"
    assert int(database.get("sales")["VersionId"]) == int(read) + 1


def test_of_many_updates_of_one_version_one_wins(database: Database) -> None:
    database.create("sales")
    outcomes: list[str] = []

    def add_column(number: int) -> None:
        while True:
            table = database.get("sales")
            wanted = database.table("sales")
            wanted["StorageDescriptor"]["Columns"] = [
                *table["StorageDescriptor"]["Columns"],
                {"Name": f"c{number}", "Type": "string"},
            ]
            try:
                database.glue.update_table(DatabaseName=database.name, TableInput=wanted, VersionId=table["VersionId"])
            except ClientError as error:
                outcomes.append(error.response["Error"]["Code"])
                continue
            return

    threads = [threading.Thread(target=add_column, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = {column["Name"] for column in database.get("sales")["StorageDescriptor"]["Columns"]}
    assert names == {"id", *(f"c{n}" for n in range(8))}, "no update was lost"
    assert set(outcomes) <= {"ConcurrentModificationException"}


def test_storage_has_what_glue_always_gives(database: Database) -> None:
    database.create("sales", {"k": "string"}, [["1"]])
    (partition,) = database.glue.get_partitions(DatabaseName=database.name, TableName="sales")["Partitions"]
    for storage in (database.get("sales")["StorageDescriptor"], partition["StorageDescriptor"]):
        assert (storage["NumberOfBuckets"], storage["Compressed"], storage["StoredAsSubDirectories"]) == (
            0,
            False,
            False,
        )


def test_partitions_are_created_read_changed_and_deleted(database: Database) -> None:
    glue, where = database.glue, {"DatabaseName": database.name, "TableName": "sales"}
    database.create("sales", {"day": "string", "n": "int"}, [["a", "1"], ["a", "2"]])
    answer = database.batch("sales", [["a", "2"], ["b", "3"], ["too few"]])
    errors = {tuple(error["PartitionValues"]): error["ErrorDetail"]["ErrorCode"] for error in answer["Errors"]}
    assert errors == {("a", "2"): "AlreadyExistsException", ("too few",): "InvalidInputException"}
    assert sorted(database.values("sales")) == [["a", "1"], ["a", "2"], ["b", "3"]]
    assert glue.get_partition(**where, PartitionValues=["b", "3"])["Partition"]["Values"] == ["b", "3"]
    assert refusal(glue.get_partition, **where, PartitionValues=["c", "3"]) == "EntityNotFoundException"
    create = {"PartitionInput": {"Values": ["a", "1"], "StorageDescriptor": {}}}
    assert refusal(glue.create_partition, **where, **create) == "AlreadyExistsException"

    found = glue.batch_get_partition(**where, PartitionsToGet=[{"Values": ["a", "1"]}, {"Values": ["z", "9"]}])
    assert [partition["Values"] for partition in found["Partitions"]] == [["a", "1"]]
    assert found["UnprocessedKeys"] == []

    changed = {"Values": ["a", "1"], "StorageDescriptor": {"Location": "elsewhere"}}
    glue.update_partition(**where, PartitionValueList=["a", "1"], PartitionInput=changed)
    partition = glue.get_partition(**where, PartitionValues=["a", "1"])["Partition"]
    assert partition["StorageDescriptor"]["Location"] == "elsewhere"
    missing = {"Values": ["z", "9"], "StorageDescriptor": {}}
    absent = {"PartitionValueList": ["z", "9"], "PartitionInput": missing}
    assert refusal(glue.update_partition, **where, **absent) == "EntityNotFoundException"
    assert len(glue.batch_update_partition(**where, Entries=[absent])["Errors"]) == 1

    deleted = glue.batch_delete_partition(**where, PartitionsToDelete=[{"Values": ["a", "1"]}, {"Values": ["z", "9"]}])
    assert [error["PartitionValues"] for error in deleted["Errors"]] == [["z", "9"]]
    assert sorted(database.values("sales")) == [["a", "2"], ["b", "3"]]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("", ["1", "2", "10", "20"]),
        ("n = 10", ["10"]),
        ("n <> 10", ["1", "2", "20"]),
        ("n < 10", ["1", "2"]),
        ("n <= 10 AND n > 1", ["2", "10"]),
        ("n = 1 OR n = 20", ["1", "20"]),
        ("n IN (2, 20)", ["2", "20"]),
        ("n NOT IN (2, 20)", ["1", "10"]),
        ("n BETWEEN 2 AND 10", ["2", "10"]),
        ("day LIKE '2026-01-%'", ["1", "2"]),
        ("day >= '2026-02-01'", ["10", "20"]),
        ("(day = '2026-01-01') AND (n > 0)", ["1"]),
        ("price = 1.50", ["1"]),
        ("price > 2", ["10", "20"]),
        ("at < '2026-02-01'", ["1", "2"]),
    ],
)
def test_filters_compare_by_the_columns_types(database: Database, expression: str, found: list[str]) -> None:
    keys = {"n": "int", "day": "string", "price": "decimal(18,2)", "at": "date"}
    days = ["2026-01-01", "2026-01-02", "2026-02-01", "2026-02-02"]
    rows = [
        [n, day, price, day]
        for n, day, price in zip(["1", "2", "10", "20"], days, ["1.5", "2.00", "9", "10"], strict=True)
    ]
    database.create("sales", keys, rows)
    assert [values[0] for values in database.values("sales", Expression=expression)] == found


def test_a_filter_that_makes_no_sense_is_refused(database: Database) -> None:
    database.create("sales", {"n": "int"}, [["1"]])
    where = {"DatabaseName": database.name, "TableName": "sales"}
    for wrong in ("n = 'x'", "nobody = 1", "n ="):
        assert refusal(database.glue.get_partitions, **where, Expression=wrong) == "InvalidInputException"


def test_schemas_are_left_out_on_demand(database: Database) -> None:
    database.create("sales", {"n": "int"})
    where = {"DatabaseName": database.name, "TableName": "sales"}
    storage = {"Location": "x", "Columns": [{"Name": "id", "Type": "bigint"}]}
    database.glue.create_partition(**where, PartitionInput={"Values": ["1"], "StorageDescriptor": storage})
    (partition,) = database.glue.get_partitions(**where, ExcludeColumnSchema=True)["Partitions"]
    assert "Columns" not in partition["StorageDescriptor"]
    (partition,) = database.glue.get_partitions(**where)["Partitions"]
    assert partition["StorageDescriptor"]["Columns"] == storage["Columns"]


def test_column_statistics_of_tables_and_partitions(database: Database) -> None:
    database.create("sales", {"n": "int"}, [["1"]])
    glue, where = database.glue, {"DatabaseName": database.name, "TableName": "sales"}
    numbers = {"MinimumValue": 1, "MaximumValue": 9, "NumberOfNulls": 0, "NumberOfDistinctValues": 5}
    statistics = {
        "ColumnName": "id",
        "ColumnType": "bigint",
        "AnalyzedTime": 0,
        "StatisticsData": {"Type": "LONG", "LongColumnStatisticsData": numbers},
    }
    for kind, which in (("table", {}), ("partition", {"PartitionValues": ["1"]})):
        get = getattr(glue, f"get_column_statistics_for_{kind}")
        empty = get(**where, **which, ColumnNames=["id"])
        assert (empty["ColumnStatisticsList"], len(empty["Errors"])) == ([], 1)
        update = getattr(glue, f"update_column_statistics_for_{kind}")
        assert update(**where, **which, ColumnStatisticsList=[statistics])["Errors"] == []
        (found,) = get(**where, **which, ColumnNames=["id"])["ColumnStatisticsList"]
        assert found["StatisticsData"]["LongColumnStatisticsData"] == numbers
        getattr(glue, f"delete_column_statistics_for_{kind}")(**where, **which, ColumnName="id")
        assert get(**where, **which, ColumnNames=["id"])["ColumnStatisticsList"] == []


def test_a_job_s_definition_is_overwritten(database: Database) -> None:
    glue, name = database.glue, database.name
    command = {"Name": "glueetl", "ScriptLocation": "s3://lake/job.py"}
    glue.create_job(
        Name=name, Role="r", Command=command, DefaultArguments={"--a": "1"}, NumberOfWorkers=2, WorkerType="G.1X"
    )
    glue.update_job(
        JobName=name, JobUpdate={"Role": "r", "Command": command, "NumberOfWorkers": 5, "WorkerType": "G.1X"}
    )
    job = glue.get_job(JobName=name)["Job"]
    assert job["NumberOfWorkers"] == 5
    assert not job.get("DefaultArguments")
    assert refusal(glue.update_job, JobName="nobody", JobUpdate={"Role": "r"}) == "EntityNotFoundException"
    glue.delete_job(JobName=name)
