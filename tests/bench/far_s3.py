"""An S3 that is as far away as one likes: ``python -m tests.bench.far_s3 FOLDER LATENCY_MS STREAM_MB_S``.

Every request waits for the latency, and every body runs at no more than the rate of one stream, so that what is
measured is how many requests wait for one another. It serves the files of a folder as the objects of any bucket, and
takes uploads into memory, in one piece or in parts. It prints its port, and ends when its standard input does.

Conditions, ranges and errors are S3's as far as csvlake uses them; signatures are not looked at.
"""

import hashlib
import itertools
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

__all__ = ["FarServer"]

_STEP_BYTES = 256 << 10  # sent or received before the clock is looked at


class FarServer(ThreadingHTTPServer):
    """The objects, and how far away they are."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder: Path, latency_s: float, stream_bytes_s: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.latency_s = latency_s
        self.stream_bytes_s = stream_bytes_s
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.objects: dict[str, bytes] = {}
        self.ids = itertools.count(1)

    def read(self, key: str, start: int, end: int) -> bytes:
        """Return bytes of an object."""
        if key in self.objects:
            return self.objects[key][start:end]
        with (self.folder / key).open("rb") as file:
            file.seek(start)
            return file.read(end - start)

    def size_of(self, key: str) -> int | None:
        """Return an object's length, None where there is none."""
        if key in self.objects:
            return len(self.objects[key])
        path = self.folder / key
        return path.stat().st_size if path.is_file() else None


class _Handler(BaseHTTPRequestHandler):
    server: FarServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._get(has_body=False)

    def do_GET(self) -> None:
        self._get(has_body=True)

    def do_PUT(self) -> None:
        key, query = self._arrive()
        body = self._receive()
        if "uploadId" in query:
            self.server.uploads[query["uploadId"][0]][int(query["partNumber"][0])] = body
        else:
            self.server.objects[key] = body
        self._answer(200, ETag=f'"{hashlib.md5(body).hexdigest()}"')

    def do_POST(self) -> None:
        key, query = self._arrive()
        self._receive()
        if "uploads" in query:
            name = f"upload-{next(self.server.ids)}"
            self.server.uploads[name] = {}
            self._answer_xml(
                f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>"
            )
            return
        parts = self.server.uploads.pop(query["uploadId"][0])
        self.server.objects[key] = b"".join(parts[number] for number in sorted(parts))
        self._answer_xml('<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>')

    def do_DELETE(self) -> None:
        _key, query = self._arrive()
        self.server.uploads.pop(query.get("uploadId", [""])[0], None)
        self._answer(204)

    def _arrive(self) -> tuple[str, dict[str, list[str]]]:
        """Wait as long as the way takes, and return the key and the query."""
        time.sleep(self.server.latency_s)
        parts = urlsplit(self.path)
        return unquote(parts.path).lstrip("/").partition("/")[2], parse_qs(parts.query, keep_blank_values=True)

    def _get(self, *, has_body: bool) -> None:
        key, _query = self._arrive()
        size = self.server.size_of(key)
        if size is None:
            self._answer(404)
            return
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        start, end = int(first), min(size, int(last) + 1 if last else size)
        body = self.server.read(key, start, end) if has_body else b""
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("ETag", '"far"')
        self.send_header("Content-Length", str(end - start))
        if "Range" in self.headers:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self.end_headers()
        began = time.monotonic()
        for at in range(0, len(body), _STEP_BYTES):
            self.wfile.write(memoryview(body)[at : at + _STEP_BYTES])
            self._wait(began, min(at + _STEP_BYTES, len(body)))

    def _receive(self) -> bytes:
        body = bytearray()
        length, began = int(self.headers.get("Content-Length", 0)), time.monotonic()
        while len(body) < length:
            body += self.rfile.read(min(_STEP_BYTES, length - len(body)))
            self._wait(began, len(body))
        return bytes(body)

    def _wait(self, began: float, done: int) -> None:
        ahead = began + done / self.server.stream_bytes_s - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)

    def _answer_xml(self, text: str) -> None:
        self._answer(200, text.encode())

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until standard input ends."""
    folder, latency_ms, stream_mb_s = sys.argv[1:]
    server = FarServer(Path(folder), float(latency_ms) / 1000, float(stream_mb_s) * 1e6)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
