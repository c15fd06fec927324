"""Serve a WSGI application: one thread a connection, which stays open from request to request.

LocalEmu's own server, on Twisted, hands each request from its one reactor thread to a pool and the answer back piece by
piece, which costs more than most answers do. It also binds every interface, whatever GATEWAY_LISTEN says.
"""

import contextlib
import logging
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterable
from email.utils import formatdate
from typing import Any

from local.gateway.requests import BadRequestError, Head, make_environ, open_body, read_head

LOG = logging.getLogger(__name__)
TLS_HANDSHAKE = b"\x16"  # https://www.rfc-editor.org/rfc/rfc8446#section-5.1
NO_BODY = ("204", "304")

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class GatewayServer(socketserver.ThreadingTCPServer):
    """Listen on one address, for plain HTTP and, where there is a certificate, for TLS."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], application: Application, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(address, Connection)
        self.application = application
        self.tls = tls

    def start(self) -> None:
        """Serve in a thread of its own."""
        threading.Thread(target=self.serve_forever, name="gateway", daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's
        """Say what went wrong; the connection is closed."""
        LOG.warning("a connection of %s failed", client_address, exc_info=True)


class Connection(socketserver.StreamRequestHandler):
    """Answer the requests of one connection."""

    server: GatewayServer
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer is one packet where it is small
    scheme = "http"

    def setup(self) -> None:
        """Begin TLS where the client does."""
        with contextlib.suppress(OSError):
            if self.server.tls and self.request.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE:
                self.request = self.server.tls.wrap_socket(self.request, server_side=True)
                self.scheme = "https"
        super().setup()

    def handle(self) -> None:
        """Answer one request after the other until either side closes."""
        try:
            while self._answer_one():
                pass
        except BadRequestError as error:
            LOG.info("%s: %s", self.client_address, error)
        except (ConnectionError, TimeoutError, ssl.SSLError):
            pass  # the client has gone

    def finish(self) -> None:
        """Close; what the client no longer wants is not sent."""
        with contextlib.suppress(OSError):
            super().finish()

    def _answer_one(self) -> bool:
        """Return whether the connection stays open."""
        head = read_head(self.rfile)
        if head is None:
            return False
        body = open_body(head, self.rfile, self._proceed if head.get(b"expect") else lambda: None)
        environ = make_environ(head, body, self.scheme, self.server.server_address, self.client_address)  # type: ignore[arg-type]
        answer = _Answer(self.wfile, head)
        parts = self.server.application(environ, answer.start)
        try:
            for part in parts:
                answer.write(part)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        answer.end()
        if head.get(b"expect") and not body.is_begun:
            return False  # the client may send its body all the same, or never
        body.skip()  # closed on what it sends, a client would see an error and not the answer
        return answer.stays_open

    def _proceed(self) -> None:
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.wfile.flush()


class _Answer:
    """Write an answer as its parts come."""

    def __init__(self, sink: Any, head: Head) -> None:
        self._sink = sink
        self._head = head
        self._is_chunked = self._has_body = False
        self._begun: bytes | None = None  # status and headers, until the first part goes with them
        self.stays_open = head.version == "HTTP/1.1" and head.get(b"connection").lower() != "close"

    def start(self, status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[[bytes], None]:
        """Take status and headers, as PEP 3333 has it."""
        names = {name.lower(): value for name, value in headers}
        self._has_body = self._head.method != "HEAD" and not status.startswith(NO_BODY)
        if names.get("connection", "").lower() == "close":
            self.stays_open = False
        lines = [
            f"HTTP/1.1 {status}",
            *(f"{name}: {value}" for name, value in headers if name.lower() != "transfer-encoding"),
        ]
        if "date" not in names:
            lines.append(f"Date: {formatdate(usegmt=True)}")
        if self._has_body and "content-length" not in names:
            if self._head.version == "HTTP/1.1":
                self._is_chunked = True
                lines.append("Transfer-Encoding: chunked")
            else:
                self.stays_open = False
        self._begun = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        return self.write

    def write(self, part: bytes) -> None:
        """Send a part, at once where nobody knows how much is to come."""
        self._send_head()
        if not part or not self._has_body:
            return
        if self._is_chunked:
            self._sink.write(b"%x\r\n%b\r\n" % (len(part), part))
            self._sink.flush()
        else:
            self._sink.write(part)

    def end(self) -> None:
        """Send what is left."""
        self._send_head()
        if self._is_chunked:
            self._sink.write(b"0\r\n\r\n")
        self._sink.flush()

    def _send_head(self) -> None:
        if self._begun is not None:
            self._sink.write(self._begun)
            self._begun = None
