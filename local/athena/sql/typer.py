"""Ask DuckDB for the types of a query's expressions, over empty tables of the right columns."""

from typing import Any

from sqlglot import exp

from local.athena.sql.functions import call


class Typer:
    """Tells the DuckDB types of a query's expressions."""

    def __init__(self, connection: Any, error: type[Exception]) -> None:
        self._connection, self._error = connection, error
        self._known: dict[tuple[int, str], str] = {}

    def of(self, node: exp.Expression) -> str | None:
        """Return an expression's type; None where it cannot be told, e.g. inside a lambda or a correlated subquery."""
        if isinstance(node, exp.Literal):
            return "VARCHAR" if node.is_string else self._ask(node.copy(), None)
        if isinstance(node, exp.Null):
            return '"NULL"'
        select = node.find_ancestor(exp.Select)
        key = (id(select), node.sql("duckdb"))
        if key not in self._known:
            kind = self._ask(node.copy(), select)
            if kind is None:
                return None
            self._known[key] = kind
        return self._known[key]

    def columns(self, query: exp.Expression) -> list[str]:
        """Return the types of a query's columns, none where they cannot be told."""
        probe = query.copy() if isinstance(query, exp.Query) else exp.select("*").from_(query.copy())
        if tables := _ctes_before(query):
            probe = exp.select("*").from_(exp.Subquery(this=probe, alias="q"))
            probe.set("with_", exp.With(expressions=[table.copy() for table in tables]))
        try:
            return [str(row[1]) for row in self._connection.execute(f"DESCRIBE {probe.sql('duckdb')}").fetchall()]
        except self._error:
            return []

    def _ask(self, node: exp.Expression, select: exp.Select | None) -> str | None:
        kind = self._describe(node, [select] if select else [])
        outer = _selects_around(select)
        return self._describe(node, [select, *outer]) if kind is None and outer and select else kind

    def _describe(self, node: exp.Expression, selects: list[exp.Select]) -> str | None:
        probe = exp.Select(expressions=[_outside_groups(node.copy())])
        for place_, select in enumerate(selects):
            _add_tables(probe, select, first=place_ == 0)
        if selects and (tables := _ctes_before(selects[0])):
            probe.set("with_", exp.With(expressions=[table.copy() for table in tables]))
        try:
            rows = self._connection.execute(f"DESCRIBE {probe.sql('duckdb')}").fetchall()
        except self._error:
            return None
        return str(rows[0][1])


def _outside_groups(node: exp.Expression) -> exp.Expression:
    """Make an aggregate's neighbours legal without the GROUP BY, which has no say in types."""
    if not node.find(exp.AggFunc) or node.find(exp.Window):
        return node
    for column in list(node.find_all(exp.Column)):
        if not column.find_ancestor(exp.AggFunc) and column is not node:
            column.replace(call("any_value", column.copy()))
    return node


def _ctes_before(select: exp.Expression) -> list[exp.Expression]:
    """Return the CTEs that a SELECT can see, outer ones first."""
    levels: list[list[exp.Expression]] = []
    node: exp.Expression | None = select
    inside: exp.Expression | None = None
    while node is not None:
        if isinstance(node, exp.CTE):
            inside = node
        elif with_ := node.args.get("with_"):
            before = []
            for table in with_.expressions:
                if table is inside:
                    break
                before.append(table)
            levels.append(before)
        node = node.parent
    return [table for level in reversed(levels) for table in level]


def _selects_around(select: exp.Select | None) -> list[exp.Select]:
    """Return the queries around a subquery, whose columns it may use, nearest first."""
    found = []
    above = select.find_ancestor(exp.Select) if select else None
    while above is not None:
        found.append(above)
        above = above.find_ancestor(exp.Select)
    return found


def _add_tables(probe: exp.Select, select: exp.Select, *, first: bool) -> None:
    from_ = select.args.get("from_")
    joins = [join.copy() for join in [*(select.args.get("joins") or []), *(select.args.get("laterals") or [])]]
    if from_ is not None and first:
        probe.set("from_", from_.copy())
    elif from_ is not None:
        joins = [exp.Join(this=from_.this.copy(), kind="CROSS"), *joins]
    probe.set("joins", [*(probe.args.get("joins") or []), *joins])
