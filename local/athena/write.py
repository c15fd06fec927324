"""Statements that write Parquet: CREATE TABLE AS, INSERT INTO, UNLOAD."""

import re
from typing import Any

import pyarrow as pa

from local.athena.alter import add_partitions
from local.athena.catalog import PARQUET_SERDE
from local.athena.errors import QueryError, unsupported
from local.athena.executions import Execution, Outcome
from local.athena.hive_parser import Reader
from local.athena.hive_types import HiveType, parse_hive_type
from local.athena.objects import list_objects
from local.athena.query import Answer, Session
from local.athena.sql.type_names import trino_name
from local.athena.store import Written, arrow_type, conform, write_rows
from local.athena.tables import INPUT, NOTHING, OUTPUT, create_table, hive_name, table_name


def create_table_as(session: Session, sql: str, execution: Execution) -> Outcome:
    """Run CREATE TABLE … AS: write the rows, then make the table in Glue."""
    reader = Reader(sql)
    reader.expect("CREATE", "TABLE")
    keep = reader.accept("IF", "NOT", "EXISTS")
    database, name = table_name(session, reader)
    options = read_options(reader) if reader.accept("WITH") else {}
    reader.expect("AS")
    query, no_data = re.subn(r"\bWITH\s+NO\s+DATA\s*$", "", reader.rest, flags=re.I)
    if session.catalog.find_raw(database, name) is not None:
        if keep:
            return Outcome(NOTHING, manifest=[])
        raise QueryError("TABLE_ALREADY_EXISTS", f"Destination table 'awsdatacatalog.{database}.{name}' already exists")
    if not session.catalog.has_database(database):
        raise QueryError("SCHEMA_NOT_FOUND", f"Schema {database} not found")
    allow(options, "format", "external_location", "partitioned_by", "write_compression", "parquet_compression")
    location = options.get("external_location") or default_folder(execution)
    if list_objects(session.s3, location):
        raise QueryError(
            "HIVE_PATH_ALREADY_EXISTS", f"Target directory for table '{database}.{name}' already exists: {location}"
        )
    answer = session.answer(query, execution.parameters)
    names = column_names(answer)
    keys = partition_keys(options, names)
    types = [parse_hive_type(hive_name(kind)) for kind in answer.types]
    written = write_rows(session, conform(answer, types), len(keys), location, options) if not no_data else Written({})
    columns = [{"Name": n, "Type": hive_name(kind)} for n, kind in zip(names, answer.types, strict=True)]
    table = _table_input(name, columns, len(keys), location)
    create_table(session, database, table)
    _register(session, database, name, written, keys)
    return Outcome(NOTHING, answer.scanned_bytes, written.all, answer.data.num_rows)


def _table_input(name: str, columns: list[dict[str, str]], keys: int, location: str) -> dict[str, Any]:
    cut = len(columns) - keys
    descriptor = {
        "Columns": columns[:cut],
        "Location": location,
        "InputFormat": INPUT,
        "OutputFormat": OUTPUT,
        "SerdeInfo": {"SerializationLibrary": PARQUET_SERDE, "Parameters": {}},
    }
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "has_encrypted_data": "false"},
        "PartitionKeys": columns[cut:],
        "StorageDescriptor": descriptor,
    }


def insert_into(session: Session, sql: str, execution: Execution) -> Outcome:
    """Run INSERT INTO."""
    reader = Reader(sql)
    reader.expect("INSERT", "INTO")
    database, name = table_name(session, reader)
    table = session.catalog.table(database, name)
    if table.view is not None:
        raise unsupported("INSERT INTO a view")
    declared = {**table.columns, **table.keys}
    named = list(declared)
    if reader.peek() == "(" and not re.match(r"\(\s*(SELECT|WITH|VALUES)\b", reader.rest, re.I):
        reader.expect("(")
        named = [reader.name()]
        while reader.accept(","):
            named.append(reader.name())
        reader.expect(")")
    answer = session.answer(reader.rest, execution.parameters)
    _check_insert(declared, named, answer)
    source = conform(answer, [declared[one] for one in named]) if named else []
    by_name = dict(zip(named, source, strict=True))
    rows = answer.data.num_rows
    arrays = [
        (one, by_name[one][1] if one in by_name else pa.chunked_array([pa.nulls(rows, arrow_type(kind))]))
        for one, kind in declared.items()
    ]
    written = write_rows(session, arrays, len(table.keys), table.location, {})
    _register(session, database, name, written, list(table.keys))
    return Outcome(NOTHING, answer.scanned_bytes, written.all, rows)


def _check_insert(declared: dict[str, HiveType], named: list[str], answer: Answer) -> None:
    for one in named:
        if one not in declared:
            raise QueryError("COLUMN_NOT_FOUND", f"Insert column name does not exist in target table: {one}")
    wanted = [declared[one] for one in named]
    fits = len(wanted) == len(answer.types) and all(
        _family(kind.trino) == _family(trino_name(got)) or got == '"NULL"'
        for kind, got in zip(wanted, answer.types, strict=False)
    )
    if not fits:
        table = ", ".join(kind.trino for kind in wanted)
        query = ", ".join(trino_name(kind) for kind in answer.types)
        raise QueryError(
            "TYPE_MISMATCH", f"Insert query has mismatched column types: Table: [{table}], Query: [{query}]"
        )


def _family(kind: str) -> str:
    plain = kind.split("(")[0]
    numbers = {"tinyint", "smallint", "integer", "bigint", "real", "double", "decimal"}
    return "number" if plain in numbers else {"char": "varchar"}.get(plain, plain)


def unload(session: Session, sql: str, execution: Execution) -> Outcome:
    """Run UNLOAD (query) TO 's3://…' WITH (…)."""
    query, tail = split_unload(sql)
    reader = Reader(tail)
    reader.expect("TO")
    location = reader.text()
    options = read_options(reader) if reader.accept("WITH") else {}
    allow(options, "format", "compression", "partitioned_by")
    if "format" not in options:
        raise QueryError("INVALID_ARGUMENTS", "UNLOAD needs a format")
    if list_objects(session.s3, location):
        raise QueryError("HIVE_PATH_ALREADY_EXISTS", f"Target directory {location} is not empty")
    answer = session.answer(query, execution.parameters)
    keys = partition_keys(options, column_names(answer))
    types = [parse_hive_type(hive_name(kind)) for kind in answer.types]
    written = write_rows(session, conform(answer, types), len(keys), location, options)
    return Outcome(NOTHING, answer.scanned_bytes, written.all, answer.data.num_rows)


def split_unload(sql: str) -> tuple[str, str]:
    """Split UNLOAD into its query and what follows the closing bracket."""
    start = sql.index("(") if "(" in sql else len(sql)
    depth, quote = 0, ""
    for index in range(start, len(sql)):
        letter = sql[index]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "()":
            depth += 1 if letter == "(" else -1
            if depth == 0:
                return sql[start + 1 : index], sql[index + 1 :]
    raise Reader("").fail("UNLOAD (query) TO 's3://...'")


def read_options(reader: Reader) -> dict[str, Any]:
    """Read `(name = value, …)`; a value is a string, a word, a number or `ARRAY['a', …]`."""
    found: dict[str, Any] = {}
    reader.expect("(")
    while not reader.accept(")"):
        name = reader.name()
        reader.expect("=")
        if reader.accept("ARRAY"):
            reader.expect("[")
            items = []
            while not reader.accept("]"):
                items.append(reader.text().lower())
                reader.accept(",")
            found[name] = items
        else:
            found[name] = reader.literal()
        reader.accept(",")
    return found


def allow(options: dict[str, Any], *names: str) -> None:
    """Refuse options that are not known here, and formats other than Parquet."""
    for name in options:
        if name not in names:
            raise unsupported(f"The property {name}")
    if options.get("format", "PARQUET").upper() != "PARQUET":
        raise unsupported(f"The format {options['format']}")


def column_names(answer: Answer) -> list[str]:
    """Return a table's column names; columns of a table need one each."""
    names = [name.lower() for name in answer.names]
    for index, name in enumerate(names):
        if re.fullmatch(r"_col\d+", name):
            raise QueryError("MISSING_COLUMN_NAME", f"line 1:1: Column name not specified at position {index + 1}")
        if name in names[:index]:
            raise QueryError("DUPLICATE_COLUMN_NAME", f"line 1:1: Column name '{name}' specified more than once")
    return names


def partition_keys(options: dict[str, Any], names: list[str]) -> list[str]:
    """Return partitioned_by, which must be the last columns."""
    keys = list(options.get("partitioned_by") or [])
    if keys and names[-len(keys) :] != keys:
        raise QueryError(
            "HIVE_COLUMN_ORDER_MISMATCH",
            "Partition keys must be the last columns in the table and in the same order as the table properties: "
            f"[{', '.join(keys)}]",
        )
    return keys


def default_folder(execution: Execution) -> str:
    """Return where a CTAS without external_location writes."""
    return f"{execution.output.rpartition('/')[0]}/tables/{execution.id}/"


def _register(session: Session, database: str, name: str, written: Written, keys: list[str]) -> None:
    if not keys:
        return
    table = session.catalog.table(database, name)
    folders = [(values, paths[0].rpartition("/")[0] + "/") for values, paths in written.paths.items()]
    add_partitions(session, table, [(values, folder) for values, folder in folders])
