"""The API's operations on queries, and the list of all operations. A `Call` has all they need, LocalEmu has no part."""

import re
from collections.abc import Callable
from typing import Any

from local.athena.call import Call, find_work_group
from local.athena.catalog import CATALOG
from local.athena.errors import RequestError
from local.athena.executions import DONE, Execution, new_id
from local.athena.metadata import METADATA_OPERATIONS
from local.athena.paging import first_index, page
from local.athena.prepared import PREPARED_OPERATIONS, prepared_statements
from local.athena.service import read_rows
from local.athena.statements import QUERY, classify
from local.athena.workgroups import WORK_GROUP_OPERATIONS

PAGE = 1000


def start_query_execution(call: Call) -> dict[str, Any]:
    """Check a statement, keep it, start it."""
    request = call.request
    sql = request.get("QueryString") or ""
    statement = classify(sql)
    if statement.verb in QUERY:
        call.service.engine().check(statement.text)
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


OPERATIONS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "StartQueryExecution": start_query_execution,
    "GetQueryExecution": get_query_execution,
    "BatchGetQueryExecution": batch_get_query_execution,
    "ListQueryExecutions": list_query_executions,
    "StopQueryExecution": stop_query_execution,
    "GetQueryResults": get_query_results,
    "GetQueryRuntimeStatistics": get_query_runtime_statistics,
    **METADATA_OPERATIONS,
    **PREPARED_OPERATIONS,
    **WORK_GROUP_OPERATIONS,
}
