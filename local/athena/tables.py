"""What all statements that make tables share: names, Glue's calls, Hive's types."""

from typing import Any

from botocore.exceptions import ClientError

from local.athena.errors import QueryError, unsupported
from local.athena.hive_parser import Reader
from local.athena.hive_types import FROM_DUCKDB
from local.athena.query import Session
from local.athena.results import Result
from local.athena.sql.type_names import trino_name

INPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
NOTHING = Result([], [])


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
