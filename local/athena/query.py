"""What one query has to work with, and the engine behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from local.athena.catalog import Catalog


@dataclass(frozen=True)
class Answer:
    """Rows.

    Attributes:
        types: DuckDB's name of each column's type.
        data: the columns, in order; names may repeat.
    """

    names: list[str]
    types: list[str]
    data: pa.Table
    scanned_bytes: int = 0


class Connection(Protocol):
    """An engine's connection, of one query alone."""

    def interrupt(self) -> None:
        """End what runs on it."""

    def close(self) -> None:
        """Give it back."""


class Engine(Protocol):
    """What runs queries; one serves all queries of the process, at once."""

    def connect(self) -> Connection:
        """Return a connection."""

    def check(self, sql: str) -> None:
        """Check a query's grammar, before there is an execution.

        Raises:
            RequestError: it is not SQL.
        """

    def answer(self, session: "Session", sql: str, parameters: list[str]) -> Answer:
        """Run a SELECT, WITH, VALUES or TABLE statement, literals in the place of each `?`.

        Raises:
            QueryError: it failed.
            RequestError: it is not SQL.
        """

    def describe(self, session: "Session", sql: str) -> list[tuple[str, str]]:
        """Return name and DuckDB type of a query's columns, without reading anything but the catalog."""


@dataclass
class Session:
    """What one query has to work with.

    Attributes:
        connection: the engine's, of this query alone.
        check: raises `Cancelled` when the query was stopped.
        cutoff_bytes: the workgroup's limit of bytes scanned, 0 for none.
    """

    engine: Engine
    catalog: Catalog
    s3: Any
    connection: Any
    database: str
    check: Callable[[], None]
    cutoff_bytes: int = 0

    def answer(self, sql: str, parameters: list[str] | None = None) -> Answer:
        """Run a query on the engine; see `Engine.answer`."""
        return self.engine.answer(self, sql, parameters or [])
