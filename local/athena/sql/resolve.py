"""Find what a query reads: which Glue tables, which of their columns, and which conditions on partition keys."""

from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from local.athena.catalog import CATALOG, Catalog, Table
from local.athena.errors import QueryError, unsupported
from local.athena.sql.parse import parse_query, place

HIDDEN = {"$path": "VARCHAR", "$file_modified_time": "TIMESTAMP WITH TIME ZONE", "$file_size": "BIGINT"}
VIEW_DEPTH = 20


@dataclass
class Source:
    """One mention of a table in a query.

    Attributes:
        name: what the rewritten query calls it.
        table: the Glue table; None for `information_schema`.
        special: `tables`, `columns`, `schemata` of information_schema, or `partitions` of a table; else empty.
        database: the database that an information_schema is asked of, if the query says so.
        columns: lower-case names of the columns that are read.
        hidden: those of `HIDDEN` that are read.
    """

    name: str
    alias: str
    table: Table | None
    special: str = ""
    columns: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)


class Resolver:
    """Replaces each table of a query by a name of ours, views by their query."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._tables: dict[tuple[str, str], Table] = {}
        self.sources: list[Source] = []

    def resolve(self, tree: exp.Expression, database: str, depth: int = 0) -> exp.Expression:
        """Rewrite a query in place.

        Args:
            tree: the query.
            database: what unqualified names refer to; may be empty.
            depth: how many views deep.

        Raises:
            QueryError: a table that is not there, or cannot be read.
        """
        for node in list(tree.find_all(exp.Table)):
            if not isinstance(node.this, exp.Identifier):
                raise unsupported(f"{place(node)}The table function {node.this.sql('trino')}")
            if not node.db and _is_cte(node):
                continue
            self._replace(node, database, depth)
        for column in tree.find_all(exp.Column):
            column.set("db", None)
            column.set("catalog", None)
        return tree

    def _replace(self, node: exp.Table, default: str, depth: int) -> None:
        if node.catalog and node.catalog.lower() != CATALOG:
            raise QueryError("CATALOG_NOT_FOUND", f"{place(node)}Catalog '{node.catalog}' does not exist")
        database, name = (node.db or default).lower(), node.name.lower()
        if not database:
            raise QueryError(
                "MISSING_SCHEMA_NAME", f"{place(node)}Schema must be specified when session schema is not set"
            )
        alias = node.alias or node.name
        if database == "information_schema":
            if name not in {"tables", "columns", "schemata"}:
                raise QueryError("TABLE_NOT_FOUND", f"{place(node)}Table 'information_schema.{name}' does not exist")
            source = Source(f"__t{len(self.sources)}", alias, None, name)
        else:
            plain, special = (name.removesuffix("$partitions"), "partitions") if "$" in name else (name, "")
            table = self._table(database, plain, node)
            if table.view is not None:
                self._inline(node, table, alias, depth)
                return
            source = Source(f"__t{len(self.sources)}", alias, table, special)
        self.sources.append(source)
        node.set("this", exp.to_identifier(source.name))
        node.set("db", None)
        node.set("catalog", None)
        if not node.args.get("alias"):
            node.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))

    def _table(self, database: str, name: str, node: exp.Table) -> Table:
        key = (database, name)
        if key not in self._tables:
            self._tables[key] = self._catalog.table(database, name, place(node))
        return self._tables[key]

    def _inline(self, node: exp.Table, view: Table, alias: str, depth: int) -> None:
        if depth >= VIEW_DEPTH:
            raise QueryError("INVALID_VIEW", f"View {view.label} refers to itself")
        inner = self.resolve(parse_query(str(view.view)), view.database, depth + 1)
        columns = node.args["alias"].args.get("columns") if node.args.get("alias") else None
        name = exp.TableAlias(this=exp.to_identifier(alias, quoted=True), columns=columns)
        node.replace(exp.Subquery(this=inner, alias=name))


def _is_cte(node: exp.Table) -> bool:
    above: exp.Expression | None = node.parent
    name = node.name.lower()
    while above is not None:
        with_ = above.args.get("with_")
        if with_ and any(table.alias.lower() == name for table in with_.expressions):
            return True
        above = above.parent
    return False


def find_columns(tree: exp.Expression, sources: list[Source]) -> None:
    """Fill in which columns of each source the query reads, and take hidden ones out of its stars."""
    named = {column.name.lower() for column in tree.find_all(exp.Column)}
    hidden = named & HIDDEN.keys()
    by_name = {source.name: source for source in sources if source.table and not source.special}
    for source in by_name.values():
        source.hidden = set(hidden)
    try:
        _find_precisely(tree, by_name)
    except SqlglotError:  # it could not follow the query
        for source in by_name.values():
            known = all_columns(source)
            starred = tree.find(exp.Star) is not None
            source.columns = set(known) if starred else named & known
    if hidden:
        _hide_from_stars(tree, hidden)


def all_columns(source: Source) -> set[str]:
    """Return all columns of a source's table, keys among them."""
    assert source.table is not None  # noqa: S101 - callers pass Glue tables
    return set(source.table.columns) | set(source.table.keys)


def _find_precisely(tree: exp.Expression, sources: dict[str, Source]) -> None:
    schema = {
        name: dict.fromkeys(sorted(all_columns(source)) + sorted(source.hidden), "varchar")
        for name, source in sources.items()
    }
    copy = tree.copy()
    for identifier in copy.find_all(exp.Identifier):
        identifier.set("this", identifier.name.lower())
    qualified = qualify(
        copy, schema=schema, dialect="trino", validate_qualify_columns=False, quote_identifiers=False, identify=False
    )
    pruned = pushdown_projections(qualified)
    for scope in traverse_scope(pruned):
        for alias, (_, origin) in scope.selected_sources.items():
            source = sources.get(origin.name) if isinstance(origin, exp.Table) else None
            if source is None:
                continue
            if any(isinstance(item, exp.Star) for item in scope.expression.expressions):
                source.columns |= all_columns(source)
            read = {column.name for column in scope.columns if column.table in {alias, ""}}
            source.columns |= read & all_columns(source)


def _hide_from_stars(tree: exp.Expression, hidden: set[str]) -> None:
    for select in tree.find_all(exp.Select):
        direct: list[Any] = [select.args.get("from_"), *(select.args.get("joins") or [])]
        ours = any(part and isinstance(part.this, exp.Table) and part.this.name.startswith("__t") for part in direct)
        if ours:
            for star in select.expressions:
                inner = star.this if isinstance(star, exp.Column) else star
                if isinstance(inner, exp.Star):
                    inner.set("except_", [exp.to_identifier(name, quoted=True) for name in sorted(hidden)])


def key_conditions(tree: exp.Expression, source: Source) -> list[exp.Expression]:
    """Return the conditions of WHERE that only ask about a source's partition keys and that every row must meet.

    A table on the side of an outer join that may be missing has none: a row without partner would change.
    """
    node = next((table for table in tree.find_all(exp.Table) if table.name == source.name), None)
    if node is None or source.table is None or not isinstance(node.parent, exp.From | exp.Join):
        return []
    select = node.parent.parent
    where = select.args.get("where") if isinstance(select, exp.Select) else None
    sides = [join.side.upper() for join in select.args.get("joins") or []] if where else []
    own_side = node.parent.side.upper() if isinstance(node.parent, exp.Join) else ""
    if where is None or own_side or "RIGHT" in sides or "FULL" in sides:
        return []
    alone = not sides and not select.args.get("laterals")
    return [
        condition.copy()
        for condition in _conjuncts(where.this)
        if _only_about_keys(condition, source, set(source.table.keys), alone=alone)
    ]


def _conjuncts(condition: exp.Expression) -> list[exp.Expression]:
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        return [*_conjuncts(condition.left), *_conjuncts(condition.right)]
    return [condition]


def _only_about_keys(condition: exp.Expression, source: Source, keys: set[str], *, alone: bool) -> bool:
    if condition.find(exp.Query, exp.Subquery, exp.Lambda, exp.Rand):
        return False
    columns = list(condition.find_all(exp.Column))
    return bool(columns) and all(
        column.name.lower() in keys and (column.table.lower() == source.alias.lower() or (alone and not column.table))
        for column in columns
    )


def injected_values(conditions: list[exp.Expression]) -> dict[str, list[str]]:
    """Return the literals that `=` and IN give to keys, for injected partition projection."""
    found: dict[str, list[str]] = {}
    for condition in conditions:
        if isinstance(condition, exp.EQ):
            column, values = condition.left, [condition.right]
            if isinstance(column, exp.Literal):
                column, values = condition.right, [condition.left]
        elif isinstance(condition, exp.In) and condition.expressions:
            column, values = condition.this, condition.expressions
        else:
            continue
        if isinstance(column, exp.Column) and all(isinstance(value, exp.Literal) for value in values):
            texts = [str(value.this) for value in values]
            before = found.get(column.name.lower())
            found[column.name.lower()] = texts if before is None else [text for text in before if text in texts]
    return found
