"""Run any statement."""

from dataclasses import dataclass
from typing import Protocol

from local.athena.ddl import run_ddl
from local.athena.errors import QueryError, unsupported
from local.athena.executions import Execution, Outcome
from local.athena.hive_parser import Reader
from local.athena.query import Session
from local.athena.results import render
from local.athena.show import run_show
from local.athena.sql.parse import parse_query
from local.athena.statements import DDL, QUERY, Statement, classify
from local.athena.tables import NOTHING
from local.athena.write import create_table_as, insert_into, unload


@dataclass
class PreparedStatement:
    """A prepared statement; its SQL has `?` for parameters."""

    name: str
    sql: str
    description: str = ""


class Prepared(Protocol):
    """The prepared statements of a workgroup."""

    def get(self, name: str) -> PreparedStatement | None:
        """Return one, None where there is none."""

    def put(self, name: str, sql: str, description: str = "") -> None:
        """Keep one, in the place of another of its name."""

    def drop(self, name: str) -> bool:
        """Remove one; say whether it was there."""


def run_statement(session: Session, statement: Statement, execution: Execution, prepared: Prepared) -> Outcome:
    """Run a statement.

    Raises:
        QueryError: it failed; NOT_SUPPORTED names a statement that is not for here.
    """
    verb, sql = statement.verb, statement.text
    if verb in QUERY:
        return run_query(session, sql, execution.parameters)
    if verb in WRITERS:
        return WRITERS[verb](session, sql, execution)
    if verb in {"SHOW", "DESCRIBE", "DESC"}:
        return Outcome(run_show(session, sql))
    if verb in DDL:
        return Outcome(run_ddl(session, sql))
    if verb in {"PREPARE", "DEALLOCATE"}:
        prepare(sql, prepared)
        return Outcome(NOTHING)
    if verb == "EXECUTE":
        inner, parameters = bind_execute(sql, prepared)
        execution.parameters = parameters or execution.parameters
        return run_statement(session, classify(inner), execution, prepared)
    raise unsupported(verb)


WRITERS = {"CTAS": create_table_as, "INSERT": insert_into, "UNLOAD": unload}


def run_query(session: Session, sql: str, parameters: list[str]) -> Outcome:
    """Run a query."""
    answer = session.answer(sql, parameters)
    return Outcome(render(answer.names, answer.types, answer.data), answer.scanned_bytes)


def prepare(sql: str, prepared: Prepared) -> None:
    """Run PREPARE name FROM statement, or DEALLOCATE PREPARE name."""
    reader = Reader(sql)
    if reader.accept("DEALLOCATE"):
        reader.expect("PREPARE")
        name = reader.name()
        if not prepared.drop(name):
            raise QueryError("NOT_FOUND", f"Prepared statement not found: {name}")
        return
    reader.expect("PREPARE")
    name = reader.name()
    reader.expect("FROM")
    prepared.put(name, reader.rest)


def bind_execute(sql: str, prepared: Prepared) -> tuple[str, list[str]]:
    """Return the SQL and the parameters of EXECUTE name [USING a, b]."""
    reader = Reader(sql)
    reader.expect("EXECUTE")
    name = reader.name()
    statement = prepared.get(name)
    if statement is None:
        raise QueryError("NOT_FOUND", f"Prepared statement not found: {name}")
    if reader.at_end:
        return statement.sql, []
    reader.expect("USING")
    values = parse_query(f"SELECT {reader.rest}").expressions
    return statement.sql, [value.sql("trino") for value in values]
