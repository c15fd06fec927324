"""SHOW and DESCRIBE: what the Glue Data Catalog has, in the words of Hive."""

import re
from collections.abc import Callable
from typing import Any

from local.athena.catalog import Table, decode_view, read_table
from local.athena.errors import QueryError, unsupported
from local.athena.hive_parser import Reader
from local.athena.query import Session
from local.athena.results import Column, Result, text_result
from local.athena.tables import table_name

WIDTH = 20


def run_show(session: Session, sql: str) -> Result:
    """Run a SHOW or DESCRIBE statement.

    Raises:
        QueryError: it failed; NOT_SUPPORTED names what is not for here.
    """
    for words, run in STATEMENTS:
        reader = Reader(sql)
        if reader.accept(*words):
            return run(session, reader)
    raise unsupported(" ".join(sql.split()[:2]).upper())


def _matching(reader: Reader, names: list[str]) -> list[str]:
    """Read `LIKE 'a*|b*'` or a bare pattern, and choose the names that match."""
    reader.accept("LIKE")
    if reader.at_end:
        return names
    pattern = reader.text()
    reader.finish()
    expression = "|".join(re.escape(part).replace(r"\*", ".*").replace("%", ".*") for part in pattern.split("|"))
    return [name for name in names if re.fullmatch(expression, name, re.I)]


def _databases(session: Session, reader: Reader) -> Result:
    return text_result("database_name", _matching(reader, [item["Name"] for item in session.catalog.databases()]))


def _database(session: Session, reader: Reader) -> str:
    return reader.name() if reader.accept("IN") or reader.accept("FROM") else session.database


def _tables(session: Session, reader: Reader) -> Result:
    names = [raw["Name"] for raw in session.catalog.tables(_database(session, reader))]
    return text_result("tab_name", _matching(reader, names))


def _views(session: Session, reader: Reader) -> Result:
    found = session.catalog.tables(_database(session, reader))
    names = [raw["Name"] for raw in found if raw.get("TableType") == "VIRTUAL_VIEW"]
    return text_result("views", _matching(reader, names))


def _raw(session: Session, reader: Reader) -> dict[str, Any]:
    database, name = table_name(session, reader)
    raw = session.catalog.find_raw(database, name)
    if raw is None:
        raise QueryError("", f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}")
    return raw


def _listed(raw: dict[str, Any]) -> list[dict[str, Any]]:
    return [*(raw.get("StorageDescriptor") or {}).get("Columns", []), *raw.get("PartitionKeys", [])]


def _columns(session: Session, reader: Reader) -> Result:
    if not reader.accept("IN") and not reader.accept("FROM"):
        raise reader.fail("'IN'")
    parts = reader.dotted()
    if reader.accept("IN") or reader.accept("FROM"):
        parts = [reader.name(), *parts]
    reader.finish()
    inner = Reader(".".join(f"`{part}`" for part in parts))
    return text_result("field", [f"{column['Name']:{WIDTH}}" for column in _listed(_raw(session, inner))])


def _partitions(session: Session, reader: Reader) -> Result:
    table: Table = read_table(_raw(session, reader))
    reader.finish()
    if not table.keys:
        raise QueryError("", f"FAILED: SemanticException Table {table.label} is not a partitioned table")
    lines = [
        "/".join(f"{key}={value}" for key, value in zip(table.keys, one.values, strict=True))
        for one in session.catalog.partitions(table)
    ]
    return text_result("partition", sorted(lines))


def _properties(session: Session, reader: Reader) -> Result:
    parameters = _raw(session, reader).get("Parameters") or {}
    if reader.accept("("):
        name = reader.text()
        return text_result("prpt_name", [parameters.get(name, f"Table does not have {name}")])
    return text_result("prpt_name", [f"{name}\t{value}" for name, value in sorted(parameters.items())])


def _create_table(session: Session, reader: Reader) -> Result:
    raw = _raw(session, reader)
    descriptor = raw.get("StorageDescriptor") or {}
    serde = descriptor.get("SerdeInfo") or {}
    lines = [f"CREATE EXTERNAL TABLE `{raw['DatabaseName']}.{raw['Name']}`("]
    lines += _declared(descriptor.get("Columns") or [])
    if raw.get("PartitionKeys"):
        lines += ["PARTITIONED BY ( ", *_declared(raw["PartitionKeys"])]
    lines += ["ROW FORMAT SERDE ", f"  '{serde.get('SerializationLibrary', '')}' "]
    lines += ["STORED AS INPUTFORMAT ", f"  '{descriptor.get('InputFormat', '')}' "]
    lines += ["OUTPUTFORMAT ", f"  '{descriptor.get('OutputFormat', '')}'"]
    lines += ["LOCATION", f"  '{descriptor.get('Location', '')}'", "TBLPROPERTIES ("]
    parameters = sorted((raw.get("Parameters") or {}).items())
    lines += [f"  '{name}'='{value}', " for name, value in parameters]
    if parameters:
        lines[-1] = lines[-1].removesuffix(", ") + ")"
    return text_result("createtab_stmt", lines)


def _declared(columns: list[dict[str, Any]]) -> list[str]:
    notes = [f" COMMENT '{column['Comment']}'" if column.get("Comment") else "" for column in columns]
    lines = [f"  `{column['Name']}` {column['Type']}{note}, " for column, note in zip(columns, notes, strict=True)]
    return [*lines[:-1], lines[-1].removesuffix(", ") + ")"] if lines else [")"]


def _create_view(session: Session, reader: Reader) -> Result:
    raw = _raw(session, reader)
    if raw.get("TableType") != "VIRTUAL_VIEW":
        raise QueryError("", f"FAILED: SemanticException {raw['DatabaseName']}.{raw['Name']} is not a view")
    return text_result("Create View", [f"CREATE VIEW {raw['DatabaseName']}.{raw['Name']} AS", decode_view(raw)])


def _describe(session: Session, reader: Reader) -> Result:
    formatted = reader.accept("FORMATTED") or reader.accept("EXTENDED")
    raw = _raw(session, reader)
    reader.finish()
    lines = [_line(column["Name"], column["Type"], column.get("Comment", "")) for column in _listed(raw)]
    if raw.get("PartitionKeys"):
        lines += ["\t \t ", _line("# Partition Information", "", "").rstrip() + "\t \t "]
        lines += [_line("# col_name", "data_type", "comment"), "\t \t "]
        lines += [_line(key["Name"], key["Type"], key.get("Comment", "")) for key in raw["PartitionKeys"]]
    if formatted:
        lines = [_line("# col_name", "data_type", "comment"), "\t \t ", *lines, *_details(raw)]
    names = ("col_name", "data_type", "comment")
    return Result([Column(name, "string") for name in names], [[line] for line in lines])


def _line(*cells: str) -> str:
    return "\t".join(f"{cell:{WIDTH}}" for cell in cells)


def _details(raw: dict[str, Any]) -> list[str]:
    descriptor = raw.get("StorageDescriptor") or {}
    serde = descriptor.get("SerdeInfo") or {}
    facts = {
        "# Detailed Table Information": "",
        "Database:": raw["DatabaseName"],
        "Owner:": raw.get("Owner", ""),
        "CreateTime:": str(raw.get("CreateTime", "")),
        "Location:": descriptor.get("Location", ""),
        "Table Type:": raw.get("TableType", ""),
        "# Storage Information": "",
        "SerDe Library:": serde.get("SerializationLibrary", ""),
        "InputFormat:": descriptor.get("InputFormat", ""),
        "OutputFormat:": descriptor.get("OutputFormat", ""),
    }
    return ["\t \t ", *(_line(name, value, "") for name, value in facts.items())]


STATEMENTS: tuple[tuple[tuple[str, ...], Callable[[Session, Reader], Result]], ...] = (
    (("SHOW", "DATABASES"), _databases),
    (("SHOW", "SCHEMAS"), _databases),
    (("SHOW", "TABLES"), _tables),
    (("SHOW", "VIEWS"), _views),
    (("SHOW", "COLUMNS"), _columns),
    (("SHOW", "PARTITIONS"), _partitions),
    (("SHOW", "TBLPROPERTIES"), _properties),
    (("SHOW", "CREATE", "TABLE"), _create_table),
    (("SHOW", "CREATE", "VIEW"), _create_view),
    (("DESCRIBE",), _describe),
    (("DESC",), _describe),
)
