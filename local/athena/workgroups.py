"""Workgroups, prepared statements, named queries: what moto's backend keeps but its API lacks or gets wrong."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.athena.errors import RequestError
from local.athena.executions import History
from local.athena.run import Prepared, PreparedStatement
from local.athena.service import Clients, Service

PLAIN = (
    *("EnforceWorkGroupConfiguration", "PublishCloudWatchMetricsEnabled", "BytesScannedCutoffPerQuery"),
    *("RequesterPaysEnabled", "AdditionalConfiguration", "ExecutionRole", "CustomerContentEncryptionConfiguration"),
    *("EnableMinimumEncryptionConfiguration", "IdentityCenterConfiguration"),
)
RESULT_PARTS = ("OutputLocation", "EncryptionConfiguration", "ExpectedBucketOwner", "AclConfiguration")


@dataclass(frozen=True)
class Call:
    """One call of the API.

    Attributes:
        request: its parameters.
        backend: moto's AthenaBackend of the account and region.
        forward: hands the call to moto as it is.
    """

    request: dict[str, Any]
    backend: Any
    history: History
    service: Service
    clients: Clients
    forward: Callable[[], Any]


def find_work_group(call: Call, name: str) -> Any:
    """Return moto's workgroup.

    Raises:
        RequestError: there is none.
    """
    if name not in call.backend.work_groups:
        raise RequestError(f"WorkGroup {name} is not found.", athena_code="INVALID_INPUT")
    return call.backend.work_groups[name]


def get_work_group(call: Call) -> dict[str, Any]:
    """Describe a workgroup; moto answers null for one that is not there."""
    find_work_group(call, call.request["WorkGroup"])
    return call.forward()  # type: ignore[no-any-return]


def update_work_group(call: Call) -> dict[str, Any]:
    """Change a workgroup: only what the call names."""
    group = find_work_group(call, call.request["WorkGroup"])
    if "Description" in call.request:
        group.description = call.request["Description"]
    if "State" in call.request:
        group.state = call.request["State"]
    updates = call.request.get("ConfigurationUpdates") or {}
    group.configuration.update({name: updates[name] for name in PLAIN if name in updates})
    for name in ("BytesScannedCutoffPerQuery", "CustomerContentEncryptionConfiguration"):
        if updates.get(f"Remove{name}"):
            group.configuration.pop(name, None)
    if selected := (updates.get("EngineVersion") or {}).get("SelectedEngineVersion"):
        group.configuration["EngineVersion"] = {
            "SelectedEngineVersion": selected,
            "EffectiveEngineVersion": "Athena engine version 3",
        }
    parts = updates.get("ResultConfigurationUpdates") or {}
    results = group.configuration.setdefault("ResultConfiguration", {})
    for name in RESULT_PARTS:
        if parts.get(f"Remove{name}"):
            results.pop(name, None)
        elif name in parts:
            results[name] = parts[name]
    return {}


def delete_work_group(call: Call) -> dict[str, Any]:
    """Delete a workgroup; one that holds anything only recursively, the primary one never."""
    group = find_work_group(call, call.request["WorkGroup"])
    if group.name == "primary":
        raise RequestError("WorkGroup primary cannot be deleted.")
    queries = [query.id for query in call.backend.named_queries.values() if query.workgroup is group]
    statements = _statements(call, group.name)
    held = queries or statements or call.history.ids(group.name)
    if held and not call.request.get("RecursiveDeleteOption"):
        raise RequestError(f"WorkGroup {group.name} is not empty")
    for query_id in queries:
        del call.backend.named_queries[query_id]
    statements.clear()
    call.backend.delete_work_group(group.name)
    return {}


def get_named_query(call: Call) -> dict[str, Any]:
    """Describe a named query."""
    _named_query(call)
    return call.forward()  # type: ignore[no-any-return]


def delete_named_query(call: Call) -> dict[str, Any]:
    """Delete a named query."""
    del call.backend.named_queries[_named_query(call).id]
    return {}


def _named_query(call: Call) -> Any:
    query_id = call.request["NamedQueryId"]
    if query_id not in call.backend.named_queries:
        raise RequestError(f"NamedQuery {query_id} was not found", athena_code="INVALID_INPUT")
    return call.backend.named_queries[query_id]


def batch_get_named_query(call: Call) -> dict[str, Any]:
    """Describe several named queries."""
    found, missing = [], []
    for query_id in call.request.get("NamedQueryIds") or []:
        query = call.backend.named_queries.get(query_id)
        if query is None:
            missing.append({"NamedQueryId": query_id, "ErrorCode": "INVALID_INPUT", "ErrorMessage": "not found"})
            continue
        found.append(
            {
                "Name": query.name,
                "Description": query.description,
                "Database": query.database,
                "QueryString": query.query_string,
                "NamedQueryId": query.id,
                "WorkGroup": query.workgroup.name,
            }
        )
    return {"NamedQueries": found, "UnprocessedNamedQueryIds": missing}


def _arn_resource(call: Call) -> tuple[str, Any]:
    arn = call.request.get("ResourceARN") or ""
    kind, _, name = arn.partition(":athena:")[2].split(":", 2)[-1].partition("/")
    held = {"workgroup": call.backend.work_groups, "datacatalog": call.backend.data_catalogs}.get(kind, {})
    if name not in held:
        raise RequestError(f"Athena Resource, {arn} Does Not Exist", error="ResourceNotFoundException")
    return arn, call.backend.tagger


def list_tags(call: Call) -> dict[str, Any]:
    """List a resource's tags; moto takes one without tags for missing."""
    arn, tagger = _arn_resource(call)
    return {"Tags": tagger.list_tags_for_resource(arn).get("Tags", [])}


def tag_resource(call: Call) -> dict[str, Any]:
    """Add tags."""
    arn, tagger = _arn_resource(call)
    tagger.tag_resource(arn, call.request.get("Tags") or [])
    return {}


def untag_resource(call: Call) -> dict[str, Any]:
    """Remove tags."""
    arn, tagger = _arn_resource(call)
    tagger.untag_resource_using_names(arn, call.request.get("TagKeys") or [])
    return {}


class PreparedStatements(Prepared):
    """Those of one workgroup, by name without case."""

    def __init__(self, kept: dict[str, PreparedStatement]) -> None:
        self._kept = kept

    def get(self, name: str) -> PreparedStatement | None:
        """Return one, None where there is none."""
        return self._kept.get(name.lower())

    def put(self, name: str, sql: str, description: str = "") -> None:
        """Keep one, in the place of another of its name."""
        self._kept[name.lower()] = PreparedStatement(name, sql, description)

    def drop(self, name: str) -> bool:
        """Remove one; say whether it was there."""
        return self._kept.pop(name.lower(), None) is not None


def _statements(call: Call, work_group: str) -> dict[str, PreparedStatement]:
    return call.history.prepared.setdefault(work_group, {})


def prepared_statements(call: Call, work_group: str) -> PreparedStatements:
    """Return a workgroup's prepared statements."""
    return PreparedStatements(_statements(call, work_group))


def create_prepared_statement(call: Call) -> dict[str, Any]:
    """Keep a prepared statement."""
    group, name = find_work_group(call, call.request["WorkGroup"]), call.request["StatementName"]
    kept = prepared_statements(call, group.name)
    if kept.get(name):
        raise RequestError(f"Prepared statement {name} already exists in WorkGroup {group.name}")
    kept.put(name, call.request["QueryStatement"], call.request.get("Description") or "")
    return {}


def update_prepared_statement(call: Call) -> dict[str, Any]:
    """Change a prepared statement."""
    kept, name = _existing(call)
    kept.put(name, call.request["QueryStatement"], call.request.get("Description") or "")
    return {}


def get_prepared_statement(call: Call) -> dict[str, Any]:
    """Describe a prepared statement."""
    kept, name = _existing(call)
    statement = kept.get(name)
    return {
        "PreparedStatement": {
            "StatementName": statement.name,
            "QueryStatement": statement.sql,
            "WorkGroupName": call.request["WorkGroup"],
            "Description": statement.description,
        }
    }


def delete_prepared_statement(call: Call) -> dict[str, Any]:
    """Remove a prepared statement."""
    kept, name = _existing(call)
    kept.drop(name)
    return {}


def list_prepared_statements(call: Call) -> dict[str, Any]:
    """List a workgroup's prepared statements."""
    group = find_work_group(call, call.request["WorkGroup"])
    return {"PreparedStatements": [{"StatementName": one.name} for one in _statements(call, group.name).values()]}


def _existing(call: Call) -> tuple[Any, str]:
    group, name = find_work_group(call, call.request["WorkGroup"]), call.request["StatementName"]
    kept = prepared_statements(call, group.name)
    if not kept.get(name):
        raise RequestError(
            f"PreparedStatement {name} was not found in workGroup {group.name}", error="ResourceNotFoundException"
        )
    return kept, name


WORK_GROUP_OPERATIONS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "GetWorkGroup": get_work_group,
    "UpdateWorkGroup": update_work_group,
    "DeleteWorkGroup": delete_work_group,
    "GetNamedQuery": get_named_query,
    "DeleteNamedQuery": delete_named_query,
    "BatchGetNamedQuery": batch_get_named_query,
    "ListTagsForResource": list_tags,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "CreatePreparedStatement": create_prepared_statement,
    "UpdatePreparedStatement": update_prepared_statement,
    "GetPreparedStatement": get_prepared_statement,
    "DeletePreparedStatement": delete_prepared_statement,
    "ListPreparedStatements": list_prepared_statements,
}
