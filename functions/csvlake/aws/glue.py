"""One database of the Glue Data Catalog as the lake's `Catalog`, and a crawler as its `Crawler`."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from csvlake.aws.errors import code_of, translated
from csvlake.engine.model import Column
from csvlake.errors import TransientError
from csvlake.lake.ports import Partition, Table, TableChanged

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

__all__ = ["GlueCatalog", "GlueCrawler"]

_CONFIG = Config(retries={"mode": "standard", "max_attempts": 6})
_MAX_COMMENT = 255  # characters: https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html
_ABSENT = "EntityNotFoundException"
_EXISTS = "AlreadyExistsException"
_CHANGED = "ConcurrentModificationException"
_CRAWLER_BUSY = frozenset({"CrawlerRunningException", "CrawlerStoppingException"})

_PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        "Parameters": {"serialization.format": "1"},
    },
}
# What GetTable tells and TableInput does not take: https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html
_INPUT_MEMBERS = frozenset(
    {
        "Name",
        "Description",
        "Owner",
        "LastAccessTime",
        "LastAnalyzedTime",
        "Retention",
        "StorageDescriptor",
        "PartitionKeys",
        "ViewOriginalText",
        "ViewExpandedText",
        "TableType",
        "Parameters",
        "TargetTable",
    }
)


class GlueCatalog:
    """The `Catalog` of a Glue database."""

    def __init__(self, session: boto3.Session, database: str) -> None:
        self._client: GlueClient = session.client("glue", config=_CONFIG)
        self._database = database

    def get_table(self, name: str) -> Table | None:
        """Return a table as it is now; None where there is none."""
        with translated(f"read table {name}"):
            try:
                native = self._client.get_table(DatabaseName=self._database, Name=name)["Table"]
            except ClientError as error:
                # The same code tells that the database is gone: then nothing can ever be right.
                if code_of(error) != _ABSENT or error.response["Error"].get("Message", "").startswith("Database "):
                    raise
                return None
        return _read_table(native)

    def create_table(self, table: Table) -> Table:
        """Create an external table of Parquet files; see `Catalog.create_table`."""
        description = {
            "Name": table.name,
            "Owner": "csvlake",
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet", "typeOfData": "file"},
            "PartitionKeys": [_write_column(key) for key in table.partition_keys],
            "StorageDescriptor": {
                **_PARQUET,
                "Columns": [_write_column(column) for column in table.columns],
                "Location": table.location,
                "Compressed": False,
                "NumberOfBuckets": -1,
                "StoredAsSubDirectories": False,
            },
        }
        with translated(f"create table {table.name}"):
            try:
                self._client.create_table(DatabaseName=self._database, TableInput=description)  # type: ignore[arg-type]
            except ClientError as error:
                if code_of(error) == _EXISTS:
                    raise TableChanged(f"table {table.name} exists already") from error
                raise
        return self._read_back(table.name)

    def add_columns(self, table: Table, columns: Sequence[Column]) -> Table:
        """Append columns, on the condition of the table's version; see `Catalog.add_columns`."""
        native = {name: value for name, value in table.native.items() if name in _INPUT_MEMBERS}
        storage: Any = dict(native["StorageDescriptor"])
        storage["Columns"] = [*storage.get("Columns", []), *(_write_column(column) for column in columns)]
        condition = {"VersionId": table.version_id} if table.version_id else {}
        with translated(f"add columns to table {table.name}"):
            try:
                self._client.update_table(
                    DatabaseName=self._database,
                    TableInput={**native, "StorageDescriptor": storage},  # type: ignore[typeddict-item]
                    **condition,  # type: ignore[arg-type]
                )
            except ClientError as error:
                if code_of(error) in {_CHANGED, _ABSENT}:
                    raise TableChanged(f"table {table.name} changed meanwhile") from error
                raise
        return self._read_back(table.name)

    def create_partition(self, table: Table, partition: Partition) -> None:
        """Register a partition with the table's columns; one that exists already is no error."""
        storage: Any = {**table.native["StorageDescriptor"], "Location": partition.location}
        with translated(f"register partition {'/'.join(partition.values)} of {table.name}"):
            answer = self._client.batch_create_partition(
                DatabaseName=self._database,
                TableName=table.name,
                PartitionInputList=[{"Values": list(partition.values), "StorageDescriptor": storage}],
            )
        for failure in answer.get("Errors", []):
            detail = failure.get("ErrorDetail", {})
            if detail.get("ErrorCode") != _EXISTS:
                raise TransientError(f"could not register a partition of {table.name}: {detail}")

    def has_partition(self, table: str, values: Sequence[str]) -> bool:
        """Return whether a partition is registered."""
        with translated(f"look at partition {'/'.join(values)} of {table}"):
            try:
                self._client.get_partition(DatabaseName=self._database, TableName=table, PartitionValues=list(values))
            except ClientError as error:
                if code_of(error) == _ABSENT:
                    return False
                raise
        return True

    def delete_partition(self, table: str, values: Sequence[str]) -> None:
        """Remove a partition; one that is gone already is no error."""
        with translated(f"remove partition {'/'.join(values)} of {table}"):
            try:
                self._client.delete_partition(
                    DatabaseName=self._database, TableName=table, PartitionValues=list(values)
                )
            except ClientError as error:
                if code_of(error) != _ABSENT:
                    raise

    def _read_back(self, name: str) -> Table:
        table = self.get_table(name)
        if table is None:
            raise TableChanged(f"table {name} went again at once")
        return table


class GlueCrawler:
    """The `Crawler` of a name."""

    def __init__(self, session: boto3.Session, name: str) -> None:
        self._client: GlueClient = session.client("glue", config=_CONFIG)
        self._name = name

    def start(self) -> bool:
        """Start a crawl; False where one runs already."""
        with translated(f"start crawler {self._name}"):
            try:
                self._client.start_crawler(Name=self._name)
            except ClientError as error:
                if code_of(error) in _CRAWLER_BUSY:
                    return False
                raise
        return True

    def last_started_at(self) -> float | None:
        """Return when the newest crawl began; while it runs Glue tells only for how long it has."""
        with translated(f"look at crawler {self._name}"):
            crawler: dict[str, Any] = dict(self._client.get_crawler(Name=self._name)["Crawler"])
        if crawler.get("State") == "RUNNING" and crawler.get("CrawlElapsedTime"):
            return time.time() - float(crawler["CrawlElapsedTime"]) / 1000
        started = (crawler.get("LastCrawl") or {}).get("StartTime")
        return started.timestamp() if started is not None else None


def _read_table(native: Any) -> Table:
    storage = native.get("StorageDescriptor") or {}
    return Table(
        name=native["Name"],
        columns=tuple(_read_column(column) for column in storage.get("Columns", [])),
        partition_keys=tuple(_read_column(key) for key in native.get("PartitionKeys", [])),
        location=storage.get("Location", ""),
        version_id=str(native.get("VersionId", "")),
        native=native,
    )


def _read_column(column: Any) -> Column:
    return Column(column["Name"], column.get("Type", ""), column.get("Comment", ""))


def _write_column(column: Column) -> dict[str, str]:
    described = {"Name": column.name, "Type": column.type}
    if column.source_name and column.source_name != column.name:
        described["Comment"] = "".join(char if char.isprintable() else " " for char in column.source_name)[
            :_MAX_COMMENT
        ]
    return described
