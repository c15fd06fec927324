"""Trino's protocol, spoken to a server that has its answers ready."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from local.trino.client import Connection, TrinoError

COLUMNS = [{"name": "a", "typeSignature": {"rawType": "bigint", "arguments": []}}]
STATS = {"physicalInputBytes": 7}


class Server(HTTPServer):
    """Answers each request with the next of a list of (status, page); `{url}` in a page is the server's own."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self.requests: list[tuple[str, str, str | None, str]] = []


class Handler(BaseHTTPRequestHandler):
    """Gives the next answer."""

    server: Server

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.server.requests.append((self.command, self.path, self.headers.get("X-Trino-Schema"), body))
        status, page = self.server.answers.pop(0)
        said = json.dumps(page).replace("{url}", self.server.url).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_DELETE = answer  # noqa: N815 - http.server's names

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def trino() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_pages_are_followed_to_the_end(trino: Server) -> None:
    trino.answers = [
        (200, {"nextUri": "{url}/1", "stats": {}}),
        (503, {}),
        (200, {"nextUri": "{url}/2", "columns": COLUMNS, "data": [[1]], "stats": {}}),
        (200, {"columns": COLUMNS, "data": [[2], [None]], "stats": STATS}),
    ]
    rows = Connection(trino.url).run("SELECT a", "db")
    assert (rows.columns[0][0], rows.data, rows.read_bytes) == ("a", [[1], [2], [None]], 7)
    assert trino.requests[0] == ("POST", "/v1/statement", "db", "SELECT a")
    assert [request[:2] for request in trino.requests[1:]] == [("GET", "/1"), ("GET", "/1"), ("GET", "/2")]


def test_a_failed_statement_raises(trino: Server) -> None:
    trino.answers = [(200, {"error": {"errorName": "NOT_FOUND", "message": "gone"}, "stats": STATS})]
    with pytest.raises(TrinoError, match="NOT_FOUND: gone"):
        Connection(trino.url).run("SELECT a")


def test_an_interrupted_statement_is_ended_at_the_server(trino: Server) -> None:
    trino.answers = [(200, {"nextUri": "{url}/1", "stats": {}}), (204, {})]
    connection = Connection(trino.url)
    connection.interrupt()
    with pytest.raises(TrinoError, match="USER_CANCELED"):
        connection.run("SELECT a")
    assert trino.requests[1][:2] == ("DELETE", "/1")


def test_where_nothing_listens_it_says_so() -> None:
    with Server() as closed:
        url = closed.url
    with pytest.raises(TrinoError, match=f"Trino does not answer at {url}"):
        Connection(url).run("SELECT 1")
