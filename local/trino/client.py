"""Ask Trino over its REST protocol: https://trino.io/docs/current/develop/client-protocol.html."""

import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

CATALOG = "awsdatacatalog"
BUSY = {429, 502, 503, 504}  # the protocol's "try again"
BUSY_WAIT_S = 0.1
ANSWER_LIMIT_S = 60.0


class TrinoError(Exception):
    """A statement that failed.

    Attributes:
        name: Trino's name of the trouble, e.g. `TABLE_NOT_FOUND`.
        message: in words.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name, self.message = name, message


@dataclass(frozen=True)
class Rows:
    """What a statement gave.

    Attributes:
        columns: name and type signature (`{"rawType": …, "arguments": […]}`) of each.
        data: the rows, as JSON has them.
        read_bytes: how much was read from S3.
    """

    columns: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    data: list[list[Any]] = field(default_factory=list)
    read_bytes: int = 0


class Connection:
    """Runs statements one after the other; another thread may interrupt."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._interrupted = threading.Event()

    def interrupt(self) -> None:
        """End the statement that runs, and all later ones."""
        self._interrupted.set()

    def close(self) -> None:
        """Do nothing: the protocol has no connections. A statement that was left is ended by its reader."""

    def run(self, sql: str, schema: str = "") -> Rows:
        """Run one statement to its end.

        Args:
            sql: in Trino's dialect, without a semicolon.
            schema: the database of names without one.

        Raises:
            TrinoError: it failed; USER_CANCELED after `interrupt`.
        """
        headers = {"X-Trino-User": "local", "X-Trino-Catalog": CATALOG, "X-Trino-Time-Zone": "UTC"}
        if schema:
            headers["X-Trino-Schema"] = schema
        page = self._send("POST", f"{self._url}/v1/statement", sql.encode(), headers)
        columns: list[tuple[str, dict[str, Any]]] = []
        data: list[list[Any]] = []
        while True:
            if error := page.get("error"):
                raise TrinoError(error["errorName"], error["message"])
            columns = [(one["name"], one["typeSignature"]) for one in page.get("columns") or []] or columns
            data += page.get("data") or []
            following = page.get("nextUri")
            if following is None:
                return Rows(columns, data, page["stats"].get("physicalInputBytes", 0))
            if self._interrupted.is_set():
                self._send("DELETE", following)
                raise TrinoError("USER_CANCELED", "Query was canceled")
            page = self._send("GET", following)

    def _send(self, method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Any:
        request = urllib.request.Request(url, body, headers or {}, method=method)  # noqa: S310 - loopback only
        deadline = time.monotonic() + ANSWER_LIMIT_S
        while True:
            try:
                with urllib.request.urlopen(request, timeout=ANSWER_LIMIT_S) as answer:  # noqa: S310 - as above
                    said = answer.read()
                    return json.loads(said) if said else {}
            except urllib.error.HTTPError as error:
                if error.code not in BUSY or time.monotonic() > deadline:
                    raise TrinoError("REMOTE_TASK_ERROR", f"HTTP {error.code} {error.reason}") from error
                time.sleep(BUSY_WAIT_S)
            except OSError as error:
                raise TrinoError("REMOTE_TASK_ERROR", f"Trino does not answer at {self._url}: {error}") from error
