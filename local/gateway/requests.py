"""Read HTTP/1.1 requests (https://www.rfc-editor.org/rfc/rfc9112) into the environment of a WSGI application."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

_LINE_BYTES = 1 << 16
_MAX_HEADERS = 500
_SKIP_BYTES = 1 << 16
_HELD_BYTES = 1 << 20  # a body of no more is read before the application is called


class BadRequestError(Exception):
    """What came is not HTTP/1.1, or it ends too early."""


@dataclass(frozen=True)
class Head:
    """A request's first line and headers, names as they were sent."""

    method: str
    target: str
    version: str
    headers: list[tuple[bytes, bytes]]

    def get(self, name: bytes) -> str:
        """Return a header's value, "" where there is none."""
        return next((value.decode("latin-1") for key, value in self.headers if key.lower() == name), "")


class Body(io.RawIOBase):
    """A request's body as a stream that ends where the body does.

    Args:
        proceed: called before the first byte is read; it tells a client that waits for it to go on.
    """

    def __init__(self, source: io.BufferedIOBase, length: int | None, proceed: Callable[[], None]) -> None:
        self._source = source
        self._is_chunked = length is None
        self._left = length or 0  # of the body, or of its current chunk
        self._is_first = True
        self._proceed: Callable[[], None] | None = proceed
        self.is_done = length == 0

    @property
    def is_begun(self) -> bool:
        """Return whether anything was read, or could have been."""
        return self._proceed is None

    def skip(self) -> None:
        """Read what is left, and forget it."""
        while not self.is_done:
            self.read(_SKIP_BYTES)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what is there, at most as much as the buffer holds.

        Raises:
            BadRequestError: the connection ended before the body did.
        """
        if self._proceed is not None:
            self._proceed()
            self._proceed = None
        if self._is_chunked and not self._left and not self.is_done:
            self._left = self._begin_chunk()
        if self.is_done:
            return 0
        view = memoryview(buffer)[: self._left]
        if not (count := self._source.readinto(view)):
            raise BadRequestError("the connection ended inside of a body")
        self._left -= count
        self.is_done = not self._is_chunked and not self._left
        return int(count)

    def _begin_chunk(self) -> int:
        """Return the next chunk's length; after the last one, which is empty, skip the trailers."""
        if not self._is_first:
            self._source.readline(_LINE_BYTES)  # what ends the chunk before
        self._is_first = False
        try:
            length = int(self._source.readline(_LINE_BYTES).partition(b";")[0], 16)
        except ValueError as error:
            raise BadRequestError("a chunk without a length") from error
        if length == 0:
            while self._source.readline(_LINE_BYTES).strip():
                pass
            self.is_done = True
        return length


def read_head(source: io.BufferedIOBase) -> Head | None:
    """Read a request up to its body; None where the connection has ended.

    Raises:
        BadRequestError: it is not HTTP.
    """
    line = source.readline(_LINE_BYTES)
    if not line.strip():  # a blank line before a request is allowed; the end is another matter
        line = source.readline(_LINE_BYTES) if line else b""
    if not line:
        return None
    match line.decode("latin-1").split():
        case [method, target, version] if version.startswith("HTTP/1."):
            headers: list[tuple[bytes, bytes]] = []
        case _:
            raise BadRequestError("not a request of HTTP/1.1")
    while (line := source.readline(_LINE_BYTES).rstrip(b"\r\n")) and len(headers) < _MAX_HEADERS:
        name, colon, value = line.partition(b":")
        if not colon:
            raise BadRequestError("a header without a colon")
        headers.append((name.strip(), value.strip()))
    return Head(method, target, version, headers)


def open_body(head: Head, source: io.BufferedIOBase, proceed: Callable[[], None]) -> Body:
    """Return the body as a stream; nothing of it is read yet.

    Raises:
        BadRequestError: its length is no number.
    """
    if "chunked" in head.get(b"transfer-encoding").lower():
        return Body(source, None, proceed)
    try:
        return Body(source, int(head.get(b"content-length") or 0), proceed)
    except ValueError as error:
        raise BadRequestError("a length that is no number") from error


def make_environ(
    head: Head, body: Body, scheme: str, server: tuple[str, int], client: tuple[str, int]
) -> dict[str, Any]:
    """Return what a WSGI application is called with (PEP 3333), and the raw headers as rolo wants them."""
    path, _, query = head.target.partition("?")
    if not path.startswith("/"):  # a whole URL, as proxies are sent it
        path = urlsplit(path).path or "/"
    length = head.get(b"content-length")
    held = length.isdigit() and int(length) <= _HELD_BYTES
    environ: dict[str, Any] = {
        "REQUEST_METHOD": head.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": head.target,
        "REQUEST_URI": head.target,
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": head.version,
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "rolo.headers": head.headers,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": io.BytesIO(body.read()) if held else io.BufferedReader(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in head.headers:
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ
