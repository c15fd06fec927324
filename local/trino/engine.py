"""Athena's queries, answered by Trino: the seam is `local.athena.query.Engine`."""

import re

import pyarrow as pa

from local.athena.errors import QueryError, RequestError, syntax_error
from local.athena.query import Answer, Session
from local.trino.client import Connection, Rows, TrinoError
from local.trino.types import read_signature

PLACE = re.compile(r"line (\d+):(\d+): (.*)", re.S)


class TrinoEngine:
    """The Trino at a URL. Its S3 and Glue are of one account, so it answers for that account alone."""

    def __init__(self, url: str) -> None:
        self._url = url

    def connect(self) -> Connection:
        """Return a connection; see `Engine`."""
        return Connection(self._url)

    def check(self, sql: str) -> None:
        """Check a query's grammar; see `Engine`. PREPARE parses and does no more."""
        try:
            self.connect().run(f"PREPARE checked FROM\n{sql}")
        except TrinoError as error:
            raise _refusal(error, lines_before=1) from error

    def answer(self, session: Session, sql: str, parameters: list[str]) -> Answer:
        """Run a query; see `Engine`."""
        if parameters:
            quoted = sql.replace("'", "''")
            sql = f"EXECUTE IMMEDIATE '{quoted}' USING {', '.join(parameters)}"
        rows = _run(session, sql)
        if 0 < session.cutoff_bytes < rows.read_bytes:
            raise QueryError("", "Bytes scanned limit was exceeded")
        names, kinds = [name for name, _ in rows.columns], [read_signature(kind) for _, kind in rows.columns]
        arrays = [
            pa.array([kind.read(row[index]) for row in rows.data], kind.arrow) for index, kind in enumerate(kinds)
        ]
        data = pa.Table.from_arrays(arrays, names=names)
        return Answer(names, [kind.name for kind in kinds], data, rows.read_bytes)

    def describe(self, session: Session, sql: str) -> list[tuple[str, str]]:
        """Return a query's columns; see `Engine`."""
        rows = _run(session, f"SELECT * FROM (\n{sql}\n) LIMIT 0")  # noqa: S608 - the user's own query
        return [(name, read_signature(kind).name) for name, kind in rows.columns]


def _run(session: Session, sql: str) -> Rows:
    try:
        rows: Rows = session.connection.run(sql, session.database.lower())
    except TrinoError as error:
        session.check()
        if error.name == "SYNTAX_ERROR":
            raise _refusal(error) from error
        raise QueryError(error.name, error.message) from error
    return rows


def _refusal(error: TrinoError, lines_before: int = 0) -> Exception:
    """Return a grammar error as Athena refuses it, its line counted in the user's own text."""
    if error.name != "SYNTAX_ERROR":
        return QueryError(error.name, error.message)
    match = PLACE.fullmatch(error.message)
    if match is None:
        return RequestError(error.message, athena_code="MALFORMED_QUERY")
    return syntax_error(match[3], max(1, int(match[1]) - lines_before), int(match[2]))
