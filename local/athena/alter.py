"""ALTER TABLE and MSCK REPAIR TABLE, done on the Glue Data Catalog."""

import re
from collections.abc import Callable
from typing import Any

from local.athena.catalog import Table, read_table
from local.athena.errors import QueryError, unsupported
from local.athena.hive_parser import Reader
from local.athena.hive_types import parse_hive_type
from local.athena.objects import split_location
from local.athena.query import Session
from local.athena.tables import table_name

BATCH = 100
TABLE_INPUT = (
    *("Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "ViewOriginalText"),
    *("ViewExpandedText", "TableType", "Parameters", "TargetTable"),
)


def alter_table(session: Session, reader: Reader) -> None:
    """Run what follows ALTER TABLE.

    Raises:
        QueryError: it failed; NOT_SUPPORTED names a change that is not for here.
    """
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


def repair_table(session: Session, reader: Reader) -> None:
    """Run what follows MSCK REPAIR TABLE: add the partitions that are in S3 and not in Glue."""
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
