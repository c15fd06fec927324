"""The Glue Data Catalog, as a query sees it: names without case, types parsed, views decoded."""

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from local.athena.errors import QueryError
from local.athena.hive_types import HiveType, parse_hive_type

CATALOG = "awsdatacatalog"
PRESTO_VIEW = re.compile(r"/\* Presto View: ([A-Za-z0-9+/=]+) \*/")
PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


@dataclass(frozen=True)
class Table:
    """A Glue table.

    Attributes:
        columns: lower-case name → type, in the table's order, partition keys not among them.
        keys: the partition keys, likewise.
        view: a view's SQL, else None.
        raw: Glue's own answer.
    """

    database: str
    name: str
    columns: dict[str, HiveType]
    keys: dict[str, HiveType]
    location: str
    parameters: dict[str, str]
    view: str | None
    raw: dict[str, Any] = field(repr=False)

    @property
    def label(self) -> str:
        """Return `database.table`."""
        return f"{self.database}.{self.name}"


@dataclass(frozen=True)
class Partition:
    """A partition: the values of the keys, as text, and where its files are."""

    values: tuple[str, ...]
    location: str
    columns: dict[str, HiveType] | None = None


class Catalog:
    """Reads Glue through a boto3 client."""

    def __init__(self, glue: Any) -> None:
        self.glue = glue

    def databases(self) -> list[dict[str, Any]]:
        """Return all databases, by name."""
        pages = self.glue.get_paginator("get_databases").paginate()
        return sorted((item for page in pages for item in page["DatabaseList"]), key=lambda item: item["Name"])

    def tables(self, database: str) -> list[dict[str, Any]]:
        """Return Glue's description of all tables and views of a database, by name.

        Raises:
            QueryError: SCHEMA_NOT_FOUND.
        """
        try:
            pages = list(self.glue.get_paginator("get_tables").paginate(DatabaseName=database.lower()))
        except ClientError as error:
            raise _missing(error, QueryError("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist")) from error
        return sorted((item for page in pages for item in page["TableList"]), key=lambda item: item["Name"])

    def find_raw(self, database: str, name: str) -> dict[str, Any] | None:
        """Return Glue's description of a table, None where there is none."""
        try:
            answer = self.glue.get_table(DatabaseName=database.lower(), Name=name.lower())
        except ClientError as error:
            if error.response["Error"]["Code"] == "EntityNotFoundException":
                return None
            raise
        return dict(answer["Table"])

    def has_database(self, name: str) -> bool:
        """Say whether a database exists."""
        try:
            self.glue.get_database(Name=name.lower())
        except ClientError as error:
            if error.response["Error"]["Code"] == "EntityNotFoundException":
                return False
            raise
        return True

    def table(self, database: str, name: str, place: str = "") -> Table:
        """Return a table to be read.

        Args:
            database: in any case.
            name: in any case.
            place: `line 1:15: `, for the message.

        Raises:
            QueryError: SCHEMA_NOT_FOUND, TABLE_NOT_FOUND, HIVE_UNSUPPORTED_FORMAT, or a type that Athena refuses.
        """
        raw = self.find_raw(database, name)
        if raw is None:
            if not self.has_database(database):
                raise QueryError("SCHEMA_NOT_FOUND", f"{place}Schema '{database.lower()}' does not exist")
            label = f"{CATALOG}.{database.lower()}.{name.lower()}"
            raise QueryError("TABLE_NOT_FOUND", f"{place}Table '{label}' does not exist")
        return read_table(raw)

    def partitions(self, table: Table) -> list[Partition]:
        """Return the partitions that Glue has."""
        pages = self.glue.get_paginator("get_partitions").paginate(DatabaseName=table.database, TableName=table.name)
        found = []
        for page in pages:
            for item in page["Partitions"]:
                descriptor = item.get("StorageDescriptor") or {}
                columns = {c["Name"].lower(): parse_hive_type(c["Type"]) for c in descriptor.get("Columns") or []}
                location = descriptor.get("Location") or default_location(table, tuple(item["Values"]))
                found.append(Partition(tuple(item["Values"]), location, columns))
        return found


def default_location(table: Table, values: tuple[str, ...]) -> str:
    """Return where a partition's files are unless told: `key=value` folders under the table's."""
    folders = "/".join(f"{key}={value}" for key, value in zip(table.keys, values, strict=True))
    return f"{table.location.rstrip('/')}/{folders}/"


def read_table(raw: dict[str, Any]) -> Table:
    """Parse Glue's description of a table.

    Raises:
        QueryError: a type or a file format that is refused.
    """
    descriptor = raw.get("StorageDescriptor") or {}
    view = None
    if raw.get("TableType") == "VIRTUAL_VIEW":
        view = decode_view(raw)
    elif (serde := (descriptor.get("SerdeInfo") or {}).get("SerializationLibrary")) and serde != PARQUET_SERDE:
        raise QueryError("NOT_SUPPORTED", f"The local Athena reads Parquet tables only; {raw['Name']} is of {serde}")
    return Table(
        database=raw["DatabaseName"],
        name=raw["Name"],
        columns={} if view else _columns(descriptor.get("Columns")),
        keys=_columns(raw.get("PartitionKeys")),
        location=descriptor.get("Location") or "",
        parameters=raw.get("Parameters") or {},
        view=view,
        raw=raw,
    )


def _columns(declared: list[dict[str, Any]] | None) -> dict[str, HiveType]:
    return {column["Name"].lower(): parse_hive_type(column.get("Type", "string")) for column in declared or []}


def decode_view(raw: dict[str, Any]) -> str:
    """Return the SQL of a view made by Athena; Hive's own views are not supported."""
    match = PRESTO_VIEW.fullmatch((raw.get("ViewOriginalText") or "").strip())
    if not match:
        raise QueryError("NOT_SUPPORTED", f"Hive views are not supported: {raw['DatabaseName']}.{raw['Name']}")
    return str(json.loads(base64.b64decode(match[1]))["originalSql"])


def encode_view(sql: str, database: str, columns: list[tuple[str, str]]) -> str:
    """Return ViewOriginalText as Athena stores it.

    Args:
        sql: the view's query.
        database: what unqualified names in it refer to.
        columns: name and Trino type of each.
    """
    content = {
        "originalSql": sql,
        "catalog": CATALOG,
        "schema": database,
        "columns": [{"name": name, "type": kind} for name, kind in columns],
    }
    return f"/* Presto View: {base64.b64encode(json.dumps(content).encode()).decode()} */"


def _missing(error: ClientError, instead: QueryError) -> Exception:
    return instead if error.response["Error"]["Code"] == "EntityNotFoundException" else error
