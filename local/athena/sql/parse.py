"""Parse a query of Athena's."""

import re

import sqlglot
from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import SqlglotError

from local.athena.errors import syntax_error


class AthenaQuery(Trino):  # type: ignore[misc]
    """Trino's dialect, each call remembering the name that it was written with."""

    PRESERVE_ORIGINAL_NAMES = True


def parse_query(sql: str) -> exp.Expression:
    """Parse one SELECT, WITH, VALUES or TABLE statement.

    Raises:
        RequestError: it is not SQL; with the line and column, as Athena refuses it.
    """
    try:
        parsed = sqlglot.parse(sql, read=AthenaQuery)
    except SqlglotError as error:
        details = getattr(error, "errors", None) or [{}]
        first = details[0]
        near = first.get("highlight") or "<EOF>"
        message = (
            f"mismatched input '{near}'. {first.get('description') or re.sub(chr(27) + r'\[\d+m', '', str(error))}"
        )
        raise syntax_error(message, first.get("line") or 1, first.get("col") or 1) from error
    statements = [statement for statement in parsed if statement is not None]
    if len(statements) != 1:
        raise syntax_error("Only one sql statement is allowed. Got: " + sql)
    if not isinstance(statements[0], exp.Query | exp.Values):
        word = sql.split(None, 1)[0] if sql.split() else ""
        raise syntax_error(f"mismatched input '{word}'. Expecting: a query")
    return statements[0]


def place(node: exp.Expression) -> str:
    """Return `line 1:15: ` for where a node stands in the query, empty where that is unknown."""
    for inner in node.walk():
        line, column, text = inner.meta.get("line"), inner.meta.get("col"), inner.name
        if line is not None and column is not None:
            return f"line {line}:{max(1, column - len(text) + 1)}: "
    return ""
