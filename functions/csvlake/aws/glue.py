"""One database of the Glue Data Catalog as the lake's `Catalog`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from csvlake.aws.client_config import make_config
from csvlake.aws.errors import code_of, translated
from csvlake.aws.table_parameters import read_parameters, replace_parameters, write_parameters
from csvlake.engine.model import Column
from csvlake.errors import TransientError
from csvlake.lake.ports import Partition, Table, TableChanged

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

__all__ = ["GlueCatalog"]

_CONFIG = make_config(6)
_MAX_COMMENT = 255  # characters: https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html
_ABSENT = "EntityNotFoundException"
_MAX_ENTRIES = 100  # https://docs.aws.amazon.com/glue/latest/webapi/API_BatchUpdatePartition.html
_PARTITION_MEMBERS = frozenset({"Values", "LastAccessTime", "StorageDescriptor", "Parameters", "LastAnalyzedTime"})
_EXISTS = "AlreadyExistsException"
_CHANGED = "ConcurrentModificationException"

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
            "Description": table.description,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {
                "EXTERNAL": "TRUE",
                "classification": "parquet",
                "typeOfData": "file",
                **write_parameters(table),
            },
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

    def update_table(self, table: Table) -> Table:
        """Change what differs, on the condition of the table's version; see `Catalog.update_table`."""
        native = {name: value for name, value in table.native.items() if name in _INPUT_MEMBERS}
        described = {
            **native,
            "Description": table.description,
            "Parameters": replace_parameters(native.get("Parameters", {}), table),
            "PartitionKeys": _merge_columns(native.get("PartitionKeys", []), table.partition_keys),
            "StorageDescriptor": {
                **native["StorageDescriptor"],
                "Columns": _merge_columns(native["StorageDescriptor"].get("Columns", []), table.columns),
            },
        }
        condition = {"VersionId": table.version_id} if table.version_id else {}
        with translated(f"update table {table.name}"):
            try:
                self._client.update_table(DatabaseName=self._database, TableInput=described, **condition)  # type: ignore[arg-type]
            except ClientError as error:
                if code_of(error) in {_CHANGED, _ABSENT}:
                    raise TableChanged(f"table {table.name} changed meanwhile") from error
                raise
        return self._read_back(table.name)

    def align_partitions(self, table: Table) -> int:
        """Give every partition the table's columns, a hundred in one request; see `Catalog.align_partitions`."""
        columns = table.native["StorageDescriptor"].get("Columns", [])
        entries = []
        with translated(f"read the partitions of {table.name}"):
            pages = self._client.get_paginator("get_partitions").paginate(
                DatabaseName=self._database, TableName=table.name
            )
            for partition in (found for page in pages for found in page["Partitions"]):
                storage: Any = partition.get("StorageDescriptor") or {}
                if _types(storage.get("Columns", [])) != _types(columns):
                    native: dict[str, Any] = {k: v for k, v in partition.items() if k in _PARTITION_MEMBERS}
                    native["StorageDescriptor"] = {**storage, "Columns": columns}
                    entries.append({"PartitionValueList": partition["Values"], "PartitionInput": native})
        for start in range(0, len(entries), _MAX_ENTRIES):
            self._update_partitions(table.name, entries[start : start + _MAX_ENTRIES])
        return len(entries)

    def _update_partitions(self, table: str, entries: list[dict[str, Any]]) -> None:
        with translated(f"update partitions of {table}"):
            answer = self._client.batch_update_partition(
                DatabaseName=self._database,
                TableName=table,
                Entries=entries,  # type: ignore[arg-type]
            )
        for failure in answer.get("Errors", []):
            detail = failure.get("ErrorDetail", {})
            if detail.get("ErrorCode") != _ABSENT:  # its last file went meanwhile
                raise TransientError(f"could not update a partition of {table}: {detail}")

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


def _read_table(native: Any) -> Table:
    storage = native.get("StorageDescriptor") or {}
    table = Table(
        name=native["Name"],
        columns=tuple(_read_column(column) for column in storage.get("Columns", [])),
        partition_keys=tuple(_read_column(key) for key in native.get("PartitionKeys", [])),
        location=storage.get("Location", ""),
        version_id=str(native.get("VersionId", "")),
        description=native.get("Description", ""),
        native=native,
    )
    return read_parameters(table, native.get("Parameters") or {})


def _merge_columns(known: Sequence[Any], wanted: Sequence[Column]) -> list[Any]:
    """Return columns as the catalog writes them, with all that it says of those that it knows."""
    by_name = {column["Name"]: column for column in known}
    return [
        {**by_name[column.name], "Type": column.type} if column.name in by_name else _write_column(column)
        for column in wanted
    ]


def _types(columns: Sequence[Any]) -> list[tuple[str, str]]:
    return [(column["Name"], column.get("Type", "")) for column in columns]


def _read_column(column: Any) -> Column:
    return Column(column["Name"], column.get("Type", ""), column.get("Comment", ""))


def _write_column(column: Column) -> dict[str, str]:
    described = {"Name": column.name, "Type": column.type}
    if column.source_name and column.source_name != column.name:
        described["Comment"] = "".join(char if char.isprintable() else " " for char in column.source_name)[
            :_MAX_COMMENT
        ]
    return described
