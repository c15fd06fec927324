"""Serve the Lambda Runtime API to one function process.

The API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. One server lives exactly as long as one
process, so that no thread of a dead process's server can take an invocation meant for the next.
"""

import queue
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Invocation:
    """One call of a function: `payload` is JSON, `timeout_s` counts from the moment that the process takes it."""

    request_id: str
    function_arn: str
    trace_id: str
    payload: bytes
    timeout_s: float


@dataclass(frozen=True)
class Taken:
    """The process has taken the invocation; its timeout counts from here."""


@dataclass(frozen=True)
class Answered:
    """The process has answered: a result, or the error that the handler raised, as JSON."""

    request_id: str
    payload: bytes
    is_error: bool


@dataclass(frozen=True)
class InitFailed:
    """The process could not import its handler: the error as JSON."""

    payload: bytes


@dataclass(frozen=True)
class Exited:
    """The process has ended, with its exit status, negative for a signal."""

    status: int


Event = Taken | Answered | InitFailed | Exited


class RuntimeApi:
    """The server and its two queues: invocations go in with `offer`, everything that happens comes out of `events`."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.offered: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._server = _Server(self)
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def offer(self, invocation: Invocation) -> None:
        """Give the process its next invocation; it takes it when it asks."""
        self.offered.put(invocation)

    def close(self) -> None:
        """Stop serving; a process that waits for an invocation sees its connection closed."""
        self.offered.put(None)
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api: RuntimeApi) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.api = api


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # with the next line: a response is one packet and never waits 40 ms for a delayed ACK
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answer .../invocation/next when there is one."""
        invocation = self.server.api.offered.get()
        if invocation is None:
            self.close_connection = True
            return
        self.server.api.events.put(Taken())
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(invocation.payload)))
        self.send_header("Lambda-Runtime-Aws-Request-Id", invocation.request_id)
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", invocation.function_arn)
        self.send_header("Lambda-Runtime-Trace-Id", invocation.trace_id)
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + invocation.timeout_s) * 1000)))
        self.end_headers()
        self.wfile.write(invocation.payload)

    def do_POST(self) -> None:
        """Take .../invocation/ID/response, .../invocation/ID/error and .../init/error."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.wfile.flush()
        *_, request_id, kind = self.path.split("/")
        event = InitFailed(body) if request_id == "init" else Answered(request_id, body, kind == "error")
        self.server.api.events.put(event)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Be silent: every call would be a line."""
