"""Hive's DDL, done on the Glue Data Catalog."""

import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from local.athena.catalog import PARQUET_SERDE, PRESTO_VIEW, Table, encode_view, read_table
from local.athena.errors import QueryError, unsupported
from local.athena.hive_parser import Reader
from local.athena.hive_types import FROM_DUCKDB, parse_hive_type
from local.athena.objects import split_location
from local.athena.query import Session, describe_query
from local.athena.results import Result
from local.athena.sql.typed import trino_name

INPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
BATCH = 100
TABLE_INPUT = (
    *("Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "ViewOriginalText"),
    *("ViewExpandedText", "TableType", "Parameters", "TargetTable"),
)
NOTHING = Result([], [])


def run_ddl(session: Session, sql: str) -> Result:
    """Run a CREATE, DROP, ALTER or MSCK statement.

    Raises:
        QueryError: it failed; NOT_SUPPORTED names what is not for here.
        RequestError: it is not DDL.
    """
    for words, run in STATEMENTS:
        reader = Reader(sql)
        if reader.accept(*words):
            run(session, reader)
            return NOTHING
    raise unsupported(" ".join(sql.split()[:3]).upper())


def table_name(session: Session, reader: Reader) -> tuple[str, str]:
    """Read a table's name; return database and name."""
    parts = reader.dotted()
    if len(parts) == 1 and "." in parts[0]:
        parts = parts[0].split(".")
    name = parts.pop()
    database = parts.pop() if parts else session.database.lower()
    if not database:
        raise QueryError("MISSING_SCHEMA_NAME", "Schema must be specified when session schema is not set")
    return database, name


def _create_database(session: Session, reader: Reader) -> None:
    keep = reader.accept("IF", "NOT", "EXISTS")
    database: dict[str, Any] = {"Name": reader.name()}
    while not reader.at_end:
        if reader.accept("COMMENT"):
            database["Description"] = reader.text()
        elif reader.accept("LOCATION"):
            database["LocationUri"] = reader.text()
        else:
            reader.expect("WITH", "DBPROPERTIES")
            database["Parameters"] = reader.properties()
    try:
        session.catalog.glue.create_database(DatabaseInput=database)
    except ClientError as error:
        if not keep or error.response["Error"]["Code"] != "AlreadyExistsException":
            raise failed(error) from error


def _drop_database(session: Session, reader: Reader) -> None:
    missing_ok, name = reader.accept("IF", "EXISTS"), reader.name()
    cascade = reader.accept("CASCADE")
    reader.accept("RESTRICT")
    reader.finish()
    if not session.catalog.has_database(name):
        if missing_ok:
            return
        raise QueryError("", f"FAILED: SemanticException [Error 10072]: Database does not exist: {name}")
    if session.catalog.tables(name) and not cascade:
        raise QueryError("", f"FAILED: InvalidOperationException(message:Database {name} is not empty.)")
    session.catalog.glue.delete_database(Name=name)


def _create_table(session: Session, reader: Reader) -> None:
    keep = reader.accept("IF", "NOT", "EXISTS")
    database, name = table_name(session, reader)
    columns = reader.columns()
    descriptor: dict[str, Any] = {
        "Columns": columns,
        "InputFormat": INPUT,
        "OutputFormat": OUTPUT,
        "SerdeInfo": {"SerializationLibrary": PARQUET_SERDE, "Parameters": {"serialization.format": "1"}},
    }
    table: dict[str, Any] = {"Name": name, "TableType": "EXTERNAL_TABLE", "PartitionKeys": []}
    parameters = {"EXTERNAL": "TRUE"}
    while not reader.at_end:
        if reader.accept("COMMENT"):
            table["Description"] = reader.text()
        elif reader.accept("PARTITIONED", "BY"):
            table["PartitionKeys"] = reader.columns()
        elif reader.accept("ROW", "FORMAT", "SERDE"):
            descriptor["SerdeInfo"]["SerializationLibrary"] = reader.text()
        elif reader.accept("WITH", "SERDEPROPERTIES"):
            descriptor["SerdeInfo"]["Parameters"] |= reader.properties()
        elif reader.accept("STORED", "AS"):
            _stored_as(reader, descriptor)
        elif reader.accept("LOCATION"):
            descriptor["Location"] = reader.text()
        elif reader.accept("TBLPROPERTIES"):
            parameters |= reader.properties()
        else:
            raise unsupported(f"CREATE EXTERNAL TABLE … {reader.peek()}")
    if "Location" not in descriptor:
        raise QueryError("", "FAILED: SemanticException table must have a location")
    split_location(descriptor["Location"])
    for column in columns + table["PartitionKeys"]:
        parse_hive_type(column["Type"])
    table |= {"StorageDescriptor": descriptor, "Parameters": parameters}
    create_table(session, database, table, keep=keep)


def _stored_as(reader: Reader, descriptor: dict[str, Any]) -> None:
    if reader.accept("INPUTFORMAT"):
        descriptor["InputFormat"] = reader.text()
        reader.expect("OUTPUTFORMAT")
        descriptor["OutputFormat"] = reader.text()
    elif not reader.accept("PARQUET"):
        raise unsupported(f"STORED AS {reader.peek()}")


def create_table(session: Session, database: str, table: dict[str, Any], *, keep: bool = False) -> None:
    """Create a table in Glue.

    Args:
        session: of the query.
        database: its database.
        table: Glue's TableInput.
        keep: one that is there stays, without complaint.
    """
    try:
        session.catalog.glue.create_table(DatabaseName=database, TableInput=table)
    except ClientError as error:
        if not keep or error.response["Error"]["Code"] != "AlreadyExistsException":
            raise failed(error) from error


def failed(error: ClientError) -> QueryError:
    """Return a refusal of Glue's as Athena shows it."""
    details = error.response["Error"]
    return QueryError("", f"FAILED: Execution Error, return code 1. {details['Code']}: {details['Message']}")


def _drop_table(session: Session, reader: Reader) -> None:
    missing_ok = reader.accept("IF", "EXISTS")
    database, name = table_name(session, reader)
    reader.finish()
    if session.catalog.find_raw(database, name) is None:
        if missing_ok:
            return
        raise QueryError("", f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}")
    session.catalog.glue.delete_table(DatabaseName=database, Name=name)


def _create_view(session: Session, reader: Reader, *, replace: bool = False) -> None:
    database, name = table_name(session, reader)
    reader.expect("AS")
    sql = reader.rest
    inner = Session(**{**vars(session), "database": session.database or database})
    columns = [(column.lower(), kind) for column, kind in describe_query(inner, sql)]
    table = {
        "Name": name,
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "ViewOriginalText": encode_view(sql, inner.database, [(column, trino_name(kind)) for column, kind in columns]),
        "ViewExpandedText": "/* Presto View */",
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Columns": [{"Name": column, "Type": hive_name(kind)} for column, kind in columns],
            "Location": "",
            "SerdeInfo": {},
        },
    }
    found = session.catalog.find_raw(database, name)
    if found is None:
        create_table(session, database, table)
        return
    if not replace:
        raise QueryError("ALREADY_EXISTS", f"line 1:1: View already exists: 'awsdatacatalog.{database}.{name}'")
    if not PRESTO_VIEW.match(found.get("ViewOriginalText") or ""):
        raise QueryError("ALREADY_EXISTS", f"line 1:1: Table already exists: 'awsdatacatalog.{database}.{name}'")
    session.catalog.glue.update_table(DatabaseName=database, TableInput=table)


def _replace_view(session: Session, reader: Reader) -> None:
    _create_view(session, reader, replace=True)


def hive_name(kind: str) -> str:
    """Return Hive's name of a DuckDB type.

    Raises:
        QueryError: NOT_SUPPORTED: no column of Glue has it.
    """
    if kind.startswith("DECIMAL"):
        return kind.lower().replace(" ", "")
    if kind.endswith("[]"):
        return f"array<{hive_name(kind[:-2])}>"
    found = {"TIMESTAMP WITH TIME ZONE": "timestamp", "JSON": "string"}.get(kind) or FROM_DUCKDB.get(kind)
    if found is None:
        raise unsupported(f"A column of type {trino_name(kind)} in a table or view")
    return found


def _alter_table(session: Session, reader: Reader) -> None:
    database, name = table_name(session, reader)
    raw = session.catalog.find_raw(database, name)
    if raw is None:
        raise QueryError("", f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}")
    for words, change in ALTERATIONS:
        if reader.accept(*words):
            change(session, reader, raw)
            return
    raise unsupported(f"ALTER TABLE … {reader.rest[:40]}")


def _add_partitions(session: Session, reader: Reader, raw: dict[str, Any]) -> None:
    keep = reader.accept("IF", "NOT", "EXISTS")
    table = read_table(raw)
    wanted = []
    while reader.accept("PARTITION"):
        values = _spec(reader, table)
        location = reader.text() if reader.accept("LOCATION") else None
        wanted.append((values, location))
    reader.finish()
    errors = add_partitions(session, table, wanted)
    if errors and not keep:
        raise QueryError("", f"FAILED: SemanticException Partition already exists: {errors[0]}")


def _spec(reader: Reader, table: Table) -> tuple[str, ...]:
    reader.expect("(")
    values: dict[str, str] = {}
    while True:
        key = reader.name()
        reader.expect("=")
        values[key] = reader.literal()
        if reader.accept(")"):
            break
        reader.expect(",")
    if set(values) != set(table.keys):
        raise QueryError("", f"FAILED: SemanticException partition spec {values} doesn't contain all partition columns")
    return tuple(values[key] for key in table.keys)


def add_partitions(session: Session, table: Table, wanted: list[tuple[tuple[str, ...], str | None]]) -> list[str]:
    """Add partitions to Glue; return those that were there before."""
    there: list[str] = []
    folder = table.location.rstrip("/")
    for start in range(0, len(wanted), BATCH):
        inputs = []
        for values, location in wanted[start : start + BATCH]:
            spec = "/".join(f"{key}={value}" for key, value in zip(table.keys, values, strict=True))
            descriptor = {**table.raw["StorageDescriptor"], "Location": location or f"{folder}/{spec}"}
            inputs.append({"Values": list(values), "StorageDescriptor": descriptor, "Parameters": {}})
        answer = session.catalog.glue.batch_create_partition(
            DatabaseName=table.database, TableName=table.name, PartitionInputList=inputs
        )
        for one in answer.get("Errors", []):
            if one["ErrorDetail"]["ErrorCode"] != "AlreadyExistsException":
                raise QueryError("", f"FAILED: {one['ErrorDetail']}")
            there.append("/".join(one["PartitionValues"]))
    return there


def _drop_partitions(session: Session, reader: Reader, raw: dict[str, Any]) -> None:
    missing_ok = reader.accept("IF", "EXISTS")
    table = read_table(raw)
    known = {partition.values for partition in session.catalog.partitions(table)}
    while reader.accept("PARTITION"):
        values = _spec(reader, table)
        reader.accept(",")
        if values not in known:
            if missing_ok:
                continue
            raise QueryError("", f"FAILED: SemanticException [Error 10006]: Partition not found {values}")
        session.catalog.glue.delete_partition(
            DatabaseName=table.database, TableName=table.name, PartitionValues=list(values)
        )
    reader.finish()


def update_table(session: Session, raw: dict[str, Any]) -> None:
    """Write a changed description of a table to Glue."""
    table = {name: raw[name] for name in TABLE_INPUT if name in raw}
    session.catalog.glue.update_table(DatabaseName=raw["DatabaseName"], TableInput=table)


def _add_columns(session: Session, reader: Reader, raw: dict[str, Any]) -> None:
    added = reader.columns()
    reader.finish()
    existing = {column["Name"] for column in raw["StorageDescriptor"]["Columns"]}
    for column in added:
        parse_hive_type(column["Type"])
        if column["Name"] in existing:
            raise QueryError("", f"FAILED: Execution Error, return code 1. Duplicate column name: {column['Name']}")
    raw["StorageDescriptor"]["Columns"] += added
    update_table(session, raw)


def _replace_columns(session: Session, reader: Reader, raw: dict[str, Any]) -> None:
    columns = reader.columns()
    reader.finish()
    for column in columns:
        parse_hive_type(column["Type"])
    raw["StorageDescriptor"]["Columns"] = columns
    update_table(session, raw)


def _set_properties(session: Session, reader: Reader, raw: dict[str, Any]) -> None:
    raw["Parameters"] = {**raw.get("Parameters", {}), **reader.properties()}
    reader.finish()
    update_table(session, raw)


def _set_location(session: Session, reader: Reader, raw: dict[str, Any]) -> None:
    raw["StorageDescriptor"]["Location"] = reader.text()
    reader.finish()
    update_table(session, raw)


def _repair(session: Session, reader: Reader) -> None:
    database, name = table_name(session, reader)
    reader.finish()
    raw = session.catalog.find_raw(database, name)
    if raw is None:
        raise QueryError("", f"FAILED: SemanticException table not found {database}.{name}")
    table = read_table(raw)
    if not table.keys:
        return
    known = {partition.values for partition in session.catalog.partitions(table)}
    bucket, prefix = split_location(table.location)
    prefix = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
    found = find_partitions(session.s3, bucket, prefix, list(table.keys))
    wanted = [(values, f"s3://{bucket}/{folder}") for values, folder in sorted(found.items()) if values not in known]
    add_partitions(session, table, [(values, location) for values, location in wanted])


def find_partitions(s3: Any, bucket: str, prefix: str, keys: list[str]) -> dict[tuple[str, ...], str]:
    """Return the Hive partitions under a prefix: values → folder. Folders in another form are no partitions."""
    found: dict[tuple[str, ...], str] = {}
    pattern = re.compile("".join(rf"{re.escape(key)}=([^/]*)/" for key in keys), re.I)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            if match := pattern.match(item["Key"][len(prefix) :]):
                found[match.groups()] = prefix + match[0]
    return found


Alteration = Callable[[Session, Reader, dict[str, Any]], None]
ALTERATIONS: tuple[tuple[tuple[str, ...], Alteration], ...] = (
    (("ADD", "COLUMNS"), _add_columns),
    (("REPLACE", "COLUMNS"), _replace_columns),
    (("ADD",), _add_partitions),
    (("DROP",), _drop_partitions),
    (("SET", "TBLPROPERTIES"), _set_properties),
    (("SET", "LOCATION"), _set_location),
)
STATEMENTS: tuple[tuple[tuple[str, ...], Callable[[Session, Reader], None]], ...] = (
    (("CREATE", "DATABASE"), _create_database),
    (("CREATE", "SCHEMA"), _create_database),
    (("DROP", "DATABASE"), _drop_database),
    (("DROP", "SCHEMA"), _drop_database),
    (("CREATE", "EXTERNAL", "TABLE"), _create_table),
    (("CREATE", "OR", "REPLACE", "VIEW"), _replace_view),
    (("CREATE", "VIEW"), _create_view),
    (("DROP", "TABLE"), _drop_table),
    (("DROP", "VIEW"), _drop_table),
    (("ALTER", "TABLE"), _alter_table),
    (("MSCK", "REPAIR", "TABLE"), _repair),
)
