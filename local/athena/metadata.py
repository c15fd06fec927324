"""The API's operations on databases and tables, answered from Glue."""

import re
from collections.abc import Callable
from typing import Any

from local.athena.call import Call
from local.athena.catalog import CATALOG, Catalog
from local.athena.errors import QueryError, RequestError
from local.athena.paging import page


def list_databases(call: Call) -> dict[str, Any]:
    """List the databases of Glue."""
    return page(call, "DatabaseList", [_database(raw) for raw in _catalog(call).databases()], 50)


def get_database(call: Call) -> dict[str, Any]:
    """Describe a database."""
    name = call.request["DatabaseName"].lower()
    for raw in _catalog(call).databases():
        if raw["Name"] == name:
            return {"Database": _database(raw)}
    raise metadata_error(f"Database {name} not found.")


def list_table_metadata(call: Call) -> dict[str, Any]:
    """Describe the tables of a database, those whose name matches an expression."""
    try:
        tables = _catalog(call).tables(call.request["DatabaseName"])
    except QueryError as error:
        raise metadata_error(f"Database {call.request['DatabaseName']} not found.") from error
    expression = call.request.get("Expression")
    if expression:
        tables = [raw for raw in tables if re.fullmatch(expression.replace("*", ".*"), raw["Name"], re.I)]
    return page(call, "TableMetadataList", [_table(raw) for raw in tables], 50)


def get_table_metadata(call: Call) -> dict[str, Any]:
    """Describe a table."""
    database, name = call.request["DatabaseName"], call.request["TableName"]
    raw = _catalog(call).find_raw(database, name)
    if raw is None:
        raise metadata_error(f"EntityNotFoundException: Entity Not Found: table {database}.{name}")
    return {"TableMetadata": _table(raw)}


def metadata_error(message: str) -> RequestError:
    """Return the refusal of a call about what is not in the catalog."""
    return RequestError(message, error="MetadataException")


def _catalog(call: Call) -> Catalog:
    name = call.request.get("CatalogName") or CATALOG
    if name.lower() != CATALOG:
        raise RequestError(f"Catalog {name} is not found")
    return Catalog(call.clients.glue)


def _database(raw: dict[str, Any]) -> dict[str, Any]:
    return {name: raw[name] for name in ("Name", "Description", "Parameters") if raw.get(name)}


def _table(raw: dict[str, Any]) -> dict[str, Any]:
    descriptor = raw.get("StorageDescriptor") or {}
    serde = descriptor.get("SerdeInfo") or {}
    parameters = dict(raw.get("Parameters") or {})
    places = {
        "location": descriptor.get("Location"),
        "inputformat": descriptor.get("InputFormat"),
        "outputformat": descriptor.get("OutputFormat"),
        "serde.serialization.lib": serde.get("SerializationLibrary"),
    }
    parameters |= {name: value for name, value in places.items() if value}
    parameters |= {f"serde.param.{name}": value for name, value in (serde.get("Parameters") or {}).items()}
    described = {
        "Name": raw["Name"],
        "TableType": raw.get("TableType") or "EXTERNAL_TABLE",
        "Columns": [_column(column) for column in descriptor.get("Columns") or []],
        "PartitionKeys": [_column(column) for column in raw.get("PartitionKeys") or []],
        "Parameters": parameters,
    }
    if raw.get("CreateTime"):
        described["CreateTime"] = raw["CreateTime"]
    return described


def _column(raw: dict[str, Any]) -> dict[str, Any]:
    return {name: raw[name] for name in ("Name", "Type", "Comment") if raw.get(name)}


METADATA_OPERATIONS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "ListDatabases": list_databases,
    "GetDatabase": get_database,
    "ListTableMetadata": list_table_metadata,
    "GetTableMetadata": get_table_metadata,
}
