"""The API's operations on queries and on the catalog. Pure of LocalEmu: a `Call` has all they need."""

import re
from collections.abc import Callable
from typing import Any

from local.athena.catalog import CATALOG, Catalog
from local.athena.errors import QueryError, RequestError
from local.athena.executions import DONE, Execution, new_id
from local.athena.service import read_rows
from local.athena.sql.parse import parse_query
from local.athena.statements import QUERY, classify
from local.athena.workgroups import WORK_GROUP_OPERATIONS, Call, find_work_group, prepared_statements

PAGE = 1000


def start_query_execution(call: Call) -> dict[str, Any]:
    """Check a statement, keep it, start it."""
    request = call.request
    sql = request.get("QueryString") or ""
    statement = classify(sql)
    if statement.verb in QUERY:
        parse_query(statement.text)
    group = find_work_group(call, request.get("WorkGroup") or "primary")
    if group.state == "DISABLED":
        raise RequestError(f"WorkGroup {group.name} is disabled.")
    configuration = result_configuration(group.configuration, request.get("ResultConfiguration") or {})
    query_id = new_id()
    execution = Execution(
        sql=statement.text,
        work_group=group.name,
        context=dict(request.get("QueryExecutionContext") or {}),
        configuration=configuration,
        output=f"{configuration['OutputLocation'].rstrip('/')}/{query_id}{statement.extension}",
        statement_type=statement.type,
        substatement_type=statement.subtype,
        parameters=list(request.get("ExecutionParameters") or []),
        id=query_id,
    )
    catalog = execution.context.get("Catalog")
    if catalog and catalog.lower() != CATALOG:
        raise RequestError(f"Catalog {catalog} is not found")
    kept = call.history.add(execution, request.get("ClientRequestToken"))
    if kept is execution:
        cutoff = int(group.configuration.get("BytesScannedCutoffPerQuery") or 0)
        call.service.start(execution, statement, call.clients, cutoff, prepared_statements(call, group.name))
    return {"QueryExecutionId": kept.id}


def result_configuration(group: dict[str, Any], client: dict[str, Any]) -> dict[str, Any]:
    """Return the result configuration that holds: the workgroup's where it is enforced or the client gives none.

    Raises:
        RequestError: neither says where results go.
    """
    own = dict(group.get("ResultConfiguration") or {})
    chosen = own if group.get("EnforceWorkGroupConfiguration") else {**own, **client}
    location = chosen.get("OutputLocation")
    if not location:
        raise RequestError(
            "No output location provided. An output location is required either through the Workgroup result "
            "configuration setting or as an API input."
        )
    if not re.fullmatch(r"s3://[^/]+(/.*)?", location):
        raise RequestError(f"outputLocation is not a valid S3 path: {location}")
    return chosen


def get_query_execution(call: Call) -> dict[str, Any]:
    """Describe an execution."""
    return {"QueryExecution": call.history.find(call.request["QueryExecutionId"]).describe()}


def batch_get_query_execution(call: Call) -> dict[str, Any]:
    """Describe several executions."""
    found: list[dict[str, Any]] = []
    missing = []
    for query_id in call.request.get("QueryExecutionIds") or []:
        try:
            found.append(call.history.find(query_id).describe())
        except RequestError as error:
            missing.append({"QueryExecutionId": query_id, "ErrorCode": "INVALID_INPUT", "ErrorMessage": error.message})
    return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}


def list_query_executions(call: Call) -> dict[str, Any]:
    """List a workgroup's executions, newest first."""
    group = find_work_group(call, call.request.get("WorkGroup") or "primary")
    return page(call, "QueryExecutionIds", call.history.ids(group.name), 50)


def stop_query_execution(call: Call) -> dict[str, Any]:
    """Cancel an execution."""
    call.history.find(call.request["QueryExecutionId"]).stop()
    return {}


def get_query_results(call: Call) -> dict[str, Any]:
    """Return a page of a result; a query's first row has the names."""
    execution = call.history.find(call.request["QueryExecutionId"])
    if execution.state not in DONE:
        raise RequestError(f"Query has not yet finished. Current state: {execution.state}")
    if execution.outcome is None or execution.state != "SUCCEEDED":
        raise RequestError(f"Query did not finish successfully. Final query state: {execution.state}")
    result = execution.outcome.result
    rows = read_rows(call.clients.s3, execution, result)
    header = 1 if result.has_header else 0
    start, size = first_index(call), min(int(call.request.get("MaxResults") or PAGE), PAGE)
    wanted = range(start, min(start + size, len(rows) + header))
    names = [column.name for column in result.columns]
    shown = [names if header and index == 0 else rows[index - header] for index in wanted]
    answer: dict[str, Any] = {
        "UpdateCount": execution.outcome.update_count,
        "ResultSet": {
            "Rows": [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in shown],
            "ResultSetMetadata": {"ColumnInfo": [column.info() for column in result.columns]},
        },
    }
    if wanted.stop < len(rows) + header:
        answer["NextToken"] = str(wanted.stop)
    return answer


def get_query_runtime_statistics(call: Call) -> dict[str, Any]:
    """Return times and sizes of an execution."""
    execution = call.history.find(call.request["QueryExecutionId"])
    outcome = execution.outcome
    rows = {
        "InputBytes": outcome.scanned_bytes if outcome else 0,
        "OutputRows": len(outcome.result.rows) if outcome else 0,
    }
    timeline = {
        "QueryQueueTimeInMillis": execution.queued_ms,
        "EngineExecutionTimeInMillis": execution.engine_ms,
        "TotalExecutionTimeInMillis": execution.total_ms,
    }
    return {"QueryRuntimeStatistics": {"Timeline": timeline, "Rows": rows}}


def page(call: Call, name: str, items: list[Any], default: int) -> dict[str, Any]:
    """Return a page of a list under its name."""
    start = first_index(call)
    end = start + int(call.request.get("MaxResults") or default)
    answer: dict[str, Any] = {name: items[start:end]}
    if end < len(items):
        answer["NextToken"] = str(end)
    return answer


def first_index(call: Call) -> int:
    """Return where a page begins.

    Raises:
        RequestError: the token is none of ours.
    """
    token = call.request.get("NextToken") or "0"
    if not token.isdigit():
        raise RequestError("Malformed token", athena_code="INVALID_INPUT")
    return int(token)


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


OPERATIONS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "StartQueryExecution": start_query_execution,
    "GetQueryExecution": get_query_execution,
    "BatchGetQueryExecution": batch_get_query_execution,
    "ListQueryExecutions": list_query_executions,
    "StopQueryExecution": stop_query_execution,
    "GetQueryResults": get_query_results,
    "GetQueryRuntimeStatistics": get_query_runtime_statistics,
    "ListDatabases": list_databases,
    "GetDatabase": get_database,
    "ListTableMetadata": list_table_metadata,
    "GetTableMetadata": get_table_metadata,
    **WORK_GROUP_OPERATIONS,
}
