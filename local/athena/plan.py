"""Answer one SELECT with DuckDB: parse, resolve, rewrite, judge, run."""

from contextlib import ExitStack, closing
from typing import Any

from sqlglot import exp

from local.athena.catalog import Catalog
from local.athena.database import Database
from local.athena.errors import QueryError
from local.athena.information import information_table, partitions_table
from local.athena.objects import ObjectCache
from local.athena.query import Answer, Session
from local.athena.scan import Scanner, stub
from local.athena.sql.functions import check_function
from local.athena.sql.parse import parse_query
from local.athena.sql.resolve import Resolver, Source, find_columns, injected_values, key_conditions
from local.athena.sql.typed import rewrite_by_type
from local.athena.sql.typer import Typer


class EmbeddedEngine:
    """The engine in this process: DuckDB, behind the judge."""

    def __init__(self) -> None:
        self.database, self.cache = Database(), ObjectCache()
        with closing(self.connect()) as connection:  # so that the first query does not wait for the imports
            session = Session(self, Catalog(None), None, connection, "", lambda: None)
            session.answer("SELECT count(*), max(x) / 2 FROM (VALUES (1), (2)) AS t (x) WHERE x > 0")

    def connect(self) -> Any:
        """Return a connection with temporary tables of its own."""
        return self.database.connect()

    def check(self, sql: str) -> None:
        """Check a query's grammar; see `Engine`."""
        parse_query(sql)

    def answer(self, session: Session, sql: str, parameters: list[str]) -> Answer:
        """Run a query; see `Engine`."""
        tree = bind_parameters(parse_query(sql), parameters)
        with ExitStack() as stack:
            return Plan(self, session, tree, stack).run()

    def describe(self, session: Session, sql: str) -> list[tuple[str, str]]:
        """Return a query's columns; see `Engine`."""
        with ExitStack() as stack:
            return Plan(self, session, parse_query(sql), stack).columns()


class Plan:
    """A query on its way from Athena's SQL to DuckDB's."""

    def __init__(self, engine: EmbeddedEngine, session: Session, tree: exp.Expression, stack: ExitStack) -> None:
        self._session, self._database, self._cache = session, engine.database, engine.cache
        resolver = Resolver(session.catalog)
        tree = resolver.resolve(tree, session.database)
        self._sources = resolver.sources
        find_columns(tree, self._sources)
        self._stubs = self._database.connect()
        stack.callback(self._stubs.close)
        self._stack = stack
        for source in self._sources:
            self._define_special(source, self._stubs, empty=True)
        self._tree = self._rewrite(tree)

    def _rewrite(self, tree: exp.Expression) -> exp.Expression:
        name_columns(tree)
        for node in list(tree.walk()):
            check_function(node)
        typer = Typer(self._stubs, self._database.error)
        return rewrite_by_type(tree, typer)

    def _define_special(self, source: Source, connection: Any, *, empty: bool) -> None:
        catalog = self._session.catalog
        if source.special == "partitions" and source.table:
            connection.register(source.name, partitions_table(catalog, source.table))
        elif source.special:
            connection.register(source.name, information_table(catalog, source.special))
        elif empty and source.table:
            connection.execute(stub(source, source.table))

    def columns(self) -> list[tuple[str, str]]:
        """Return the answer's columns."""
        try:
            rows = self._stubs.execute(f"DESCRIBE {self._sql()}").fetchall()
        except self._database.error as error:
            raise self._translate(error) from error
        return [(str(row[0]), str(row[1])) for row in rows]

    def _sql(self) -> str:
        return str(self._tree.sql("duckdb"))

    def _translate(self, error: Exception) -> QueryError:
        found = self._database.translate(error)
        if found.code in {"COLUMN_NOT_FOUND", "AMBIGUOUS_NAME"}:
            name = found.message.split("'")[1].lower()
            for column in self._tree.find_all(exp.Column):
                line, last = column.this.meta.get("line"), column.this.meta.get("col")
                if column.name.lower() == name and line:
                    return QueryError(found.code, f"line {line}:{last - len(column.name) + 1}: {found.message}")
        return found

    def run(self) -> Answer:
        """Judge the sources, then run the query."""
        session = self._session
        columns = self.columns()
        scanner = Scanner(session.catalog, session.s3, self._cache, session.connection, self._stack)
        opened = []
        for source in self._sources:
            session.check()
            if source.special:
                self._define_special(source, session.connection, empty=False)
                continue
            conditions = key_conditions(self._tree, source)
            opened.append(scanner.open(source, [_bare(one) for one in conditions], injected_values(conditions)))
            if 0 < session.cutoff_bytes < scanner.scanned_bytes:
                raise QueryError("", "Bytes scanned limit was exceeded")
        for one in opened:
            session.check()
            scanner.define(one)
        try:
            data = session.connection.sql(self._sql()).to_arrow_table()
        except self._database.interrupted:
            session.check()
            raise
        except self._database.error as error:
            raise self._translate(error) from error
        return Answer([name for name, _ in columns], [kind for _, kind in columns], data, scanner.scanned_bytes)


def _bare(condition: exp.Expression) -> str:
    for column in condition.find_all(exp.Column):
        column.set("table", None)
    return str(condition.sql("duckdb"))


def bind_parameters(tree: exp.Expression, parameters: list[str]) -> exp.Expression:
    """Put literals in the place of `?`, in order.

    Raises:
        QueryError: there are more or fewer than the query has places.
    """
    marks = list(tree.find_all(exp.Placeholder, bfs=False))
    if len(marks) != len(parameters):
        raise QueryError(
            "INVALID_PARAMETER_USAGE",
            f"line 1:1: Incorrect number of parameters: expected {len(marks)} but found {len(parameters)}",
        )
    for mark, text in zip(marks, parameters, strict=True):
        select = parse_query(f"SELECT {text}")
        mark.replace(select.expressions[0].copy())
    return tree


def name_columns(tree: exp.Expression) -> None:
    """Give columns without a name the one that Athena gives: `_col` and their place, from 0."""
    for select in tree.find_all(exp.Select):
        for index, item in enumerate(select.expressions):
            plain = item.unalias() is item and not isinstance(item, exp.Column | exp.Star | exp.Dot)
            if plain and not (isinstance(item, exp.Column) or item.is_star):
                item.replace(exp.alias_(item.copy(), f"_col{index}", quoted=True))
