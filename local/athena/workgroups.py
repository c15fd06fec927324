"""Workgroups, named queries, tags: what moto's backend keeps but its API lacks or gets wrong."""

from collections.abc import Callable
from typing import Any

from local.athena.call import Call, find_work_group
from local.athena.errors import RequestError

PLAIN = (
    *("EnforceWorkGroupConfiguration", "PublishCloudWatchMetricsEnabled", "BytesScannedCutoffPerQuery"),
    *("RequesterPaysEnabled", "AdditionalConfiguration", "ExecutionRole", "CustomerContentEncryptionConfiguration"),
    *("EnableMinimumEncryptionConfiguration", "IdentityCenterConfiguration"),
)
RESULT_PARTS = ("OutputLocation", "EncryptionConfiguration", "ExpectedBucketOwner", "AclConfiguration")


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
    statements = call.history.prepared.get(group.name, {})
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
}
