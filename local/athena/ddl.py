"""Hive's DDL, done on the Glue Data Catalog."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from local.athena.alter import alter_table, repair_table
from local.athena.catalog import PARQUET_SERDE, PRESTO_VIEW, encode_view
from local.athena.errors import QueryError, unsupported
from local.athena.hive_parser import Reader
from local.athena.hive_types import parse_hive_type
from local.athena.objects import split_location
from local.athena.query import Session
from local.athena.results import Result
from local.athena.sql.type_names import trino_name
from local.athena.tables import INPUT, NOTHING, OUTPUT, create_table, failed, hive_name, table_name


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
    columns = [(column.lower(), kind) for column, kind in inner.engine.describe(inner, sql)]
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
    (("ALTER", "TABLE"), alter_table),
    (("MSCK", "REPAIR", "TABLE"), repair_table),
)
