"""Query executions: their states, their history, and the threads that run them."""

import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from local.athena.errors import Cancelled, QueryError, RequestError
from local.athena.results import Result

KEPT_RESULTS = 200
KEPT_ROWS = 200_000
DONE = {"SUCCEEDED", "FAILED", "CANCELLED"}


@dataclass
class Outcome:
    """What running a statement gave.

    Attributes:
        manifest: the `s3://` addresses of the files that a CTAS, INSERT or UNLOAD wrote; None for other statements.
        update_count: the rows that a CTAS, INSERT or UNLOAD wrote.
    """

    result: Result
    scanned_bytes: int = 0
    manifest: list[str] | None = None
    update_count: int = 0


@dataclass
class Execution:
    """One query execution.

    Attributes:
        output: where its result file is or will be.
    """

    sql: str
    work_group: str
    context: dict[str, Any]
    configuration: dict[str, Any]
    output: str
    statement_type: str
    substatement_type: str
    parameters: list[str]
    id: str
    state: str = "QUEUED"
    reason: str | None = None
    submitted: datetime = field(default_factory=lambda: datetime.now(UTC))
    completed: datetime | None = None
    started_s: float = field(default_factory=time.monotonic)
    queued_ms: int = 0
    engine_ms: int = 0
    total_ms: int = 0
    outcome: Outcome | None = None
    manifest_location: str | None = None
    interrupt: Callable[[], None] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def check(self) -> None:
        """Raise Cancelled when the query was stopped."""
        if self.state == "CANCELLED":
            raise Cancelled

    def stop(self) -> None:
        """Cancel it; one that is done stays as it is."""
        with self.lock:
            if self.state in DONE:
                return
            self._finish("CANCELLED", "Query cancelled by user")
        if self.interrupt:
            self.interrupt()

    def run(self, work: "Callable[[Execution], Outcome]") -> None:
        """Run the statement and record how it ended; nothing it raises gets out."""
        with self.lock:
            if self.state in DONE:
                return
            self.state, self.queued_ms = "RUNNING", _ms(self.started_s)
        begun = time.monotonic()
        try:
            outcome = work(self)
        except Cancelled:
            return
        except QueryError as error:
            # Athena cancels, it does not fail, what goes over the workgroup's limit
            self._end("CANCELLED" if str(error) == OVER_LIMIT else "FAILED", str(error), begun)
        except RequestError as error:
            self._end("FAILED", f"SYNTAX_ERROR: {error.message}", begun)
        except Exception as error:  # noqa: BLE001 - whoever asked must see it; there is nobody else to tell
            self._end("FAILED", f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}", begun)
        else:
            self.outcome = outcome
            self._end("SUCCEEDED", None, begun)

    def _end(self, state: str, reason: str | None, begun: float) -> None:
        with self.lock:
            if self.state not in DONE:
                self.engine_ms = _ms(begun)
                self._finish(state, reason)

    def _finish(self, state: str, reason: str | None) -> None:
        self.state, self.reason, self.completed = state, reason, datetime.now(UTC)
        self.total_ms = _ms(self.started_s)

    def describe(self) -> dict[str, Any]:
        """Return the API's QueryExecution."""
        status: dict[str, Any] = {"State": self.state, "SubmissionDateTime": self.submitted}
        if self.completed:
            status["CompletionDateTime"] = self.completed
        if self.reason:
            status["StateChangeReason"] = self.reason
        if self.state == "FAILED":
            status["AthenaError"] = {"ErrorCategory": 2, "ErrorMessage": self.reason or "", "Retryable": False}
        statistics = {
            "EngineExecutionTimeInMillis": self.engine_ms,
            "DataScannedInBytes": self.outcome.scanned_bytes if self.outcome else 0,
            "TotalExecutionTimeInMillis": self.total_ms,
            "QueryQueueTimeInMillis": self.queued_ms,
            "ServiceProcessingTimeInMillis": max(0, self.total_ms - self.engine_ms - self.queued_ms),
            "ResultReuseInformation": {"ReusedPreviousResult": False},
        }
        if self.manifest_location:
            statistics["DataManifestLocation"] = self.manifest_location
        described = {
            "QueryExecutionId": self.id,
            "Query": self.sql,
            "StatementType": self.statement_type,
            "SubstatementType": self.substatement_type,
            "ResultConfiguration": {**self.configuration, "OutputLocation": self.output},
            "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
            "QueryExecutionContext": self.context,
            "Status": status,
            "Statistics": statistics,
            "WorkGroup": self.work_group,
            "EngineVersion": {
                "SelectedEngineVersion": "AUTO",
                "EffectiveEngineVersion": "Athena engine version 3",
            },
        }
        if self.parameters:
            described["ExecutionParameters"] = self.parameters
        return described


OVER_LIMIT = "Bytes scanned limit was exceeded"


def _ms(since: float) -> int:
    return int((time.monotonic() - since) * 1000)


class History:
    """The executions of one account in one region, newest last, and its prepared statements by workgroup."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: OrderedDict[str, Execution] = OrderedDict()
        self._tokens: dict[str, str] = {}
        self.prepared: dict[str, dict[str, Any]] = {}

    def add(self, execution: Execution, token: str | None) -> Execution:
        """Keep an execution, or return the one that the same ClientRequestToken made."""
        with self._lock:
            if token and token in self._tokens:
                earlier = self._all[self._tokens[token]]
                if earlier.sql != execution.sql:
                    raise RequestError("Idempotent parameters do not match")
                return earlier
            if token:
                self._tokens[token] = execution.id
            self._all[execution.id] = execution
            self._forget_results()
        return execution

    def _forget_results(self) -> None:
        rows = 0
        for count, execution in enumerate(reversed(self._all.values())):
            outcome = execution.outcome
            if outcome and outcome.result.has_header:
                rows += len(outcome.result.rows)
                if count and (rows > KEPT_ROWS or count > KEPT_RESULTS):
                    outcome.result = replace(outcome.result, rows=[], forgotten=True)

    def find(self, query_id: str) -> Execution:
        """Return an execution.

        Raises:
            RequestError: there is none.
        """
        with self._lock:
            if query_id not in self._all:
                raise RequestError(f"QueryExecution {query_id} was not found", athena_code="INVALID_INPUT")
            return self._all[query_id]

    def ids(self, work_group: str) -> list[str]:
        """Return a workgroup's executions, newest first."""
        with self._lock:
            return [one.id for one in reversed(self._all.values()) if one.work_group == work_group]


def new_id() -> str:
    """Return an execution's id."""
    return str(uuid.uuid4())
