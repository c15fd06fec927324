"""The local AWS's HTTP server by itself: what goes over a connection, and what becomes of the connection."""

import http.client
import io
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from local.gateway.requests import BadRequestError, open_body, read_head
from local.gateway.server import GatewayServer

pytestmark = pytest.mark.local


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with what was asked, or as the path says."""
    path = environ["PATH_INFO"]
    if path == "/stream":
        start("200 OK", [])
        return iter([b"one", b"", b"two"])
    if path == "/deaf":
        start("403 Forbidden", [("Content-Length", "2")])
        return [b"no"]
    if path == "/nothing":
        start("204 No Content", [("Connection", "close")])
        return [b""]
    told = (
        f"{environ['REQUEST_METHOD']} {path} {environ['QUERY_STRING']} {environ['wsgi.url_scheme']} "
        f"{environ.get('HTTP_X_A')} {environ.get('CONTENT_TYPE')} "
    )
    body = told.encode("latin-1") + environ["wsgi.input"].read()
    start("200 OK", [("Content-Length", str(len(body))), ("X-Raw", repr(environ["rolo.headers"][0]))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


@pytest.fixture
def alone() -> Iterator[GatewayServer]:
    server = GatewayServer(("127.0.0.1", 0), application)
    server.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def connection(alone: GatewayServer) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(*alone.server_address[:2], timeout=5)  # type: ignore[arg-type]
    connection.connect()
    yield connection
    connection.close()


def ask(connection: http.client.HTTPConnection, method: str, target: str, **request: Any) -> tuple[int, bytes]:
    socket_before = connection.sock
    connection.request(method, target, **request)
    answer = connection.getresponse()
    read = (answer.status, answer.read())
    assert connection.sock in (socket_before, None)  # never a new connection without being told
    return read


def test_requests_share_a_connection(connection: http.client.HTTPConnection) -> None:
    headers = {"x-A": "1", "Content-Type": "text/csv"}
    assert ask(connection, "PUT", "/a%20b%2Bc?x=%2F", body=b"abc", headers=headers) == (
        200,
        b"PUT /a b+c x=%2F http 1 text/csv abc",
    )
    assert ask(connection, "GET", "http://elsewhere/b") == (200, b"GET /b  http None None ")
    assert ask(connection, "HEAD", "/c") == (200, b"")
    assert ask(connection, "GET", "/stream") == (200, b"onetwo")
    assert ask(connection, "GET", "/nothing") == (204, b"")
    assert connection.sock is None  # as the application wanted


@pytest.mark.parametrize("size", [10, 3 << 20])
def test_bodies_come_whole(connection: http.client.HTTPConnection, size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    for way in (body, (body[at : at + 100_000] for at in range(0, len(body), 100_000))):  # the second one is chunked
        assert ask(connection, "PUT", "/x", body=way)[1].endswith(b"None " + body)


def test_what_was_not_read_is_no_request(connection: http.client.HTTPConnection) -> None:
    assert ask(connection, "PUT", "/deaf", body=b"GET /x HTTP/1.1\r\n\r\n") == (403, b"no")
    assert ask(connection, "GET", "/y")[1].startswith(b"GET /y")
    assert ask(connection, "PUT", "/deaf", body=bytes(8 << 20)) == (403, b"no")
    assert ask(connection, "PUT", "/deaf", body=iter([b"a", b"b"])) == (403, b"no")
    assert ask(connection, "GET", "/y")[1].startswith(b"GET /y")


def test_a_client_that_waits_in_vain_is_hung_up_on(alone: GatewayServer) -> None:
    with socket.create_connection(alone.server_address[:2], timeout=5) as client:  # type: ignore[arg-type]
        client.sendall(b"PUT /deaf HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3000000\r\n\r\n")
        assert client.makefile("rb").read().endswith(b"\r\n\r\nno")


def test_a_client_is_told_to_go_on_with_its_body(alone: GatewayServer) -> None:
    with socket.create_connection(alone.server_address[:2], timeout=5) as client:  # type: ignore[arg-type]
        client.sendall(b"PUT /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abc")
        assert client.makefile("rb").read(15) == b"HTTP/1.1 200 OK"


def test_older_clients_get_the_end_of_the_connection(alone: GatewayServer) -> None:
    with socket.create_connection(alone.server_address[:2], timeout=5) as client:  # type: ignore[arg-type]
        client.sendall(b"GET /stream HTTP/1.0\r\n\r\n")
        assert client.makefile("rb").read().endswith(b"\r\n\r\nonetwo")


def test_what_is_no_http_is_hung_up_on(alone: GatewayServer) -> None:
    with socket.create_connection(alone.server_address[:2], timeout=5) as client:  # type: ignore[arg-type]
        client.sendall(b"hello\r\n")
        assert client.recv(1) == b""


def test_bodies_that_end_early_and_wrong_lengths() -> None:
    for sent in (
        b"Content-Length: 5\r\n\r\nabc",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"Content-Length: x\r\n\r\n",
    ):
        source = io.BufferedReader(io.BytesIO(b"PUT / HTTP/1.1\r\n" + sent))
        head = read_head(source)
        assert head is not None
        with pytest.raises(BadRequestError):
            open_body(head, source, lambda: None).read()
    with pytest.raises(BadRequestError):
        read_head(io.BytesIO(b"PUT / HTTP/1.1\r\nno colon\r\n\r\n"))


def test_the_local_aws_speaks_tls_too(stack: dict[str, str]) -> None:
    host, port = stack["endpoint_url"].removeprefix("http://").split(":")
    trusting = ssl._create_unverified_context()
    connection = http.client.HTTPSConnection(host, int(port), timeout=5, context=trusting)
    connection.request("GET", "/_localemu/health")
    assert connection.getresponse().status == 200
    connection.close()
