"""Parse a query of Athena's."""

import re
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import SqlglotError

from local.athena.errors import syntax_error

COLOURS = re.compile("\x1b\\[\\d+m")


class AthenaQuery(Trino):  # type: ignore[misc]
    """Trino's dialect, each call remembering the name that it was written with (`meta["called"]`)."""

    class Parser(Trino.Parser):  # type: ignore[misc]
        """Trino's parser."""

        def _parse_function_call(self, *args: Any, **kwargs: Any) -> Any:
            token = self._curr
            node = super()._parse_function_call(*args, **kwargs)
            if isinstance(node, exp.Expression) and token is not None:
                inner: Any = node
                while isinstance(inner, exp.Window | exp.Filter | exp.WithinGroup | exp.IgnoreNulls | exp.RespectNulls):
                    inner = inner.this
                inner.meta.setdefault("called", token.text.lower())
                inner.meta.setdefault("line", token.line)
                inner.meta.setdefault("first", token.col - len(token.text) + 1)
            return node


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
        description = first.get("description") or COLOURS.sub("", str(error))
        message = f"mismatched input '{near}'. {description.split(' but got <Token')[0]}"
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
    for inner in node.walk(bfs=False):
        line, column, text = inner.meta.get("line"), inner.meta.get("col"), inner.name
        if line is not None and "first" in inner.meta:
            return f"line {line}:{inner.meta['first']}: "
        if line is not None and column is not None:
            return f"line {line}:{max(1, column - len(text) + 1)}: "
    return ""
