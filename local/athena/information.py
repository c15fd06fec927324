"""information_schema and `"table$partitions"`, from Glue."""

import pyarrow as pa

from local.athena.catalog import CATALOG, Catalog, Table
from local.athena.errors import QueryError
from local.athena.hive_types import parse_hive_type
from local.athena.partition_values import NULL_PARTITION
from local.athena.projection import is_projected, project

SCHEMATA = ("catalog_name", "schema_name")
TABLES = ("table_catalog", "table_schema", "table_name", "table_type")
COLUMNS = (*TABLES[:3], "column_name", "ordinal_position", "column_default", "is_nullable", "data_type")


def information_table(catalog: Catalog, name: str) -> pa.Table:
    """Return one table of information_schema.

    Args:
        catalog: Glue.
        name: `schemata`, `tables` or `columns`.
    """
    databases = [item["Name"] for item in catalog.databases()]
    if name == "schemata":
        rows: list[tuple[object, ...]] = [(CATALOG, database) for database in [*databases, "information_schema"]]
        return _table(SCHEMATA, rows)
    if name == "tables":
        rows = [
            (CATALOG, database, raw["Name"], "VIEW" if raw.get("TableType") == "VIRTUAL_VIEW" else "BASE TABLE")
            for database in databases
            for raw in catalog.tables(database)
        ]
        return _table(TABLES, rows)
    rows = []
    for database in databases:
        for raw in catalog.tables(database):
            listed = [*(raw.get("StorageDescriptor") or {}).get("Columns", []), *raw.get("PartitionKeys", [])]
            for place, column in enumerate(listed, 1):
                kind = _type_name(column.get("Type", "string"))
                rows.append((CATALOG, database, raw["Name"], column["Name"], place, None, "YES", kind))
    return _table(COLUMNS, rows)


def _type_name(text: str) -> str:
    try:
        return parse_hive_type(text).trino
    except QueryError:  # one bad table must not hide the others
        return text


def _table(names: tuple[str, ...], rows: list[tuple[object, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    kinds = [pa.int64() if name == "ordinal_position" else pa.string() for name in names]
    arrays = [pa.array(list(column), kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.table(dict(zip(names, arrays, strict=True)))


def partitions_table(catalog: Catalog, table: Table) -> pa.Table:
    """Return the values of a table's partitions as text, a column for each key."""
    found = project(table, {}) if is_projected(table) else catalog.partitions(table)
    rows = [tuple(None if value == NULL_PARTITION else value for value in one.values) for one in found]
    return _table(tuple(table.keys), rows)  # type: ignore[arg-type]
