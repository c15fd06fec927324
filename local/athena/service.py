"""Run statements for the API: sessions, result files, cancellation. Knows boto3 clients, not LocalEmu."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local.athena.catalog import Catalog
from local.athena.errors import QueryError
from local.athena.executions import Execution, Outcome
from local.athena.objects import split_location
from local.athena.query import Engine, Session
from local.athena.results import Result, parse_csv, to_csv, to_metadata
from local.athena.run import Prepared, run_statement
from local.athena.statements import Statement

AT_ONCE = 8


@dataclass(frozen=True)
class Clients:
    """boto3 clients of one account and region."""

    s3: Any
    glue: Any


class Service:
    """Runs executions in threads over the one engine of the process."""

    def __init__(self, make_engine: Callable[[], Engine]) -> None:
        self._lock = threading.Lock()
        self._make_engine = make_engine
        self._engine: Engine | None = None
        self._slots = threading.BoundedSemaphore(AT_ONCE)

    def warm(self) -> None:
        """Make the engine in the background, so that the first query does not wait for it."""
        threading.Thread(target=self.engine, name="athena-warm", daemon=True).start()

    def engine(self) -> Engine:
        """Return the engine, made at the first call."""
        with self._lock:
            if self._engine is None:
                self._engine = self._make_engine()
            return self._engine

    def start(
        self,
        execution: Execution,
        statement: Statement,
        clients: Clients,
        cutoff_bytes: int,
        prepared: Prepared,
    ) -> None:
        """Run an execution in a thread of its own."""

        def work(running: Execution) -> Outcome:
            with self._slots:
                return self._run(running, statement, clients, cutoff_bytes, prepared)

        thread = threading.Thread(target=execution.run, args=(work,), name=f"athena-{execution.id[:8]}", daemon=True)
        thread.start()

    def _run(
        self,
        execution: Execution,
        statement: Statement,
        clients: Clients,
        cutoff_bytes: int,
        prepared: Prepared,
    ) -> Outcome:
        engine = self.engine()
        connection = engine.connect()
        try:
            execution.interrupt = connection.interrupt
            execution.check()
            session = Session(
                engine=engine,
                catalog=Catalog(clients.glue),
                s3=clients.s3,
                connection=connection,
                database=str(execution.context.get("Database") or "").strip("`"),
                check=execution.check,
                cutoff_bytes=cutoff_bytes,
            )
            outcome = run_statement(session, statement, execution, prepared)
            execution.check()
            write_files(clients.s3, execution, outcome)
            return outcome
        finally:
            execution.interrupt = None
            connection.close()


def write_files(s3: Any, execution: Execution, outcome: Outcome) -> None:
    """Write the result's files where the execution says.

    Raises:
        QueryError: the bucket refuses them.
    """
    bucket, key = split_location(execution.output)
    files = {f"{key}.metadata": to_metadata(outcome.result, execution.id)}
    if outcome.manifest is None:
        files[key] = to_csv(outcome.result)
    else:
        files[f"{key}-manifest.csv"] = "".join(f"{path}\n" for path in outcome.manifest).encode()
        execution.manifest_location = f"{execution.output}-manifest.csv"
    for name, body in files.items():
        try:
            s3.put_object(Bucket=bucket, Key=name, Body=body, ContentType="application/octet-stream")
        except ClientError as error:
            raise QueryError(
                "",
                f"Access denied when writing output to url: s3://{bucket}/{name} ({error.response['Error']['Code']})",
            ) from error


def read_rows(s3: Any, execution: Execution, result: Result) -> list[list[str | None]]:
    """Return a result's rows, from its file in S3 where they are no longer in memory."""
    if not result.forgotten:
        return result.rows
    bucket, key = split_location(execution.output)
    return parse_csv(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())
