"""Prepared statements: kept for each workgroup, by call or by PREPARE."""

from collections.abc import Callable
from typing import Any

from local.athena.call import Call, find_work_group
from local.athena.errors import RequestError
from local.athena.run import Prepared, PreparedStatement


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


PREPARED_OPERATIONS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "CreatePreparedStatement": create_prepared_statement,
    "UpdatePreparedStatement": update_prepared_statement,
    "GetPreparedStatement": get_prepared_statement,
    "DeletePreparedStatement": delete_prepared_statement,
    "ListPreparedStatements": list_prepared_statements,
}
