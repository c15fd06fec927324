"""Run any statement."""

from dataclasses import dataclass
from typing import Protocol

from local.athena.errors import unsupported
from local.athena.executions import Execution, Outcome
from local.athena.query import Session, answer_query
from local.athena.results import render
from local.athena.statements import QUERY, Statement


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
    if statement.verb in QUERY:
        return run_query(session, statement.text, execution.parameters)
    raise unsupported(f"{statement.verb}")


def run_query(session: Session, sql: str, parameters: list[str]) -> Outcome:
    """Run a query."""
    answer = answer_query(session, sql, parameters)
    return Outcome(render(answer.names, answer.types, answer.data), answer.scanned_bytes)
