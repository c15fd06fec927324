"""Give a source's content as UTF-8 bytes without a byte order mark, in ranges, whatever it is stored as.

Plain UTF-8 maps straight to the source. Anything else, compressed or in another encoding, is a stream: it is expanded
and transcoded as it is read, from the start again when a range before the present one is asked for, so that it needs
neither scratch files nor memory for more than a few chunks.
"""

import threading
from collections.abc import Iterator
from functools import partial

from csvlake.engine.compression import detect_compression, expand, refuse_other_formats
from csvlake.engine.encodings import decide_encoding
from csvlake.engine.inflate import CHUNK_BYTES, read_chunks
from csvlake.engine.model import ConvertOptions, Source
from csvlake.engine.transcode import Chunks, Encoding, transcode
from csvlake.errors import TerminalError

__all__ = ["HEAD_BYTES", "StreamedText", "TextBytes", "open_text"]

HEAD_BYTES = 1 << 20  # kept in memory: a smaller source is read once and never again
STREAM_WHOLE_BYTES = 64 << 20  # a stream's source up to this size is read through when it is opened
_HISTORY_BYTES = 8 << 20  # of a stream, behind its cursor: what a reader may come back for without a restart
_PROBES = 8  # stretches looked at, of a source that is longer than its head
_PROBE_BYTES = 64 << 10
_UTF8 = {"utf-8", "utf-8-sig", "ascii"}


class TextBytes:
    """UTF-8 text that maps straight to a source's bytes, past its byte order mark.

    Attributes:
        source: where it comes from.
        verdict: on the encoding, when the source was opened.
        encoding: of the source, as Python names it.
        encoding_proven: whether all of the source was found to be valid in it. If not, and a reader meets bytes that
            are not UTF-8, ``open_text(…, whole=True)`` looks at everything and may decide otherwise.
        compression: of the source, ``None`` when it is plain.
        size: length in bytes; ``None`` while it is not known (a stream that was not yet read to its end).
        evidence: why this encoding, in sentences for a person.
    """

    def __init__(self, source: Source, head: bytes, verdict: Encoding) -> None:
        self.source = source
        self.verdict = verdict
        self.encoding = verdict.name
        self.encoding_proven = verdict.proven
        self.evidence = verdict.evidence
        self.compression: str | None = None
        self.size: int | None = source.size - verdict.skip
        self._skip = verdict.skip
        self._head = head[verdict.skip :] if verdict.skip else head

    def read_range(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes of the text from ``offset``, fewer only at its end.

        Raises:
            TerminalError: a stream is damaged, or holds bytes that its encoding does not know.
        """
        if offset + length <= len(self._head) or len(self._head) == self.size:
            return self._head[offset : offset + length]
        return self.source.read_range(self._skip + offset, length)

    def read_into(self, offset: int, target: memoryview) -> int:
        """Fill ``target`` with the text from ``offset`` and return how many bytes there were: fewer only at its end."""
        direct = getattr(self.source, "read_into", None)  # what files and S3 objects offer beyond the protocol
        if direct is not None and len(self._head) != self.size:
            return int(direct(self._skip + offset, target))
        part = self.read_range(offset, len(target))
        target[: len(part)] = part
        return len(part)


class StreamedText(TextBytes):
    """UTF-8 text that is made as it is read. Ranges are cheap when they come in order; threads take turns."""

    def __init__(self, source: Source, chunks: Chunks, verdict: Encoding, compression: str | None) -> None:
        super().__init__(source, b"", verdict)
        self.compression = compression
        self.size = None
        self._start = partial(_transcode, chunks, verdict, source.name)
        self._lock = threading.Lock()
        self._chunks = self._start()
        self._window = bytearray()
        self._window_offset = 0
        self._head = self.read_range(0, HEAD_BYTES)

    def read_into(self, offset: int, target: memoryview) -> int:
        """Read on to the range, and copy it."""
        part = self.read_range(offset, len(target))
        target[: len(part)] = part
        return len(part)

    def read_range(self, offset: int, length: int) -> bytes:
        """Read on to the range, from the start again when it is gone by."""
        if offset + length <= len(self._head) or (self._head and len(self._head) == self.size):
            return self._head[offset : offset + length]
        with self._lock:
            if offset < self._window_offset:
                self._chunks, self._window, self._window_offset = self._start(), bytearray(), 0
            self._read_on(offset, offset + length)
            start = offset - self._window_offset
            return bytes(self._window[start : start + length])

    def _read_on(self, offset: int, end: int) -> None:
        """Fill the window up to ``end``, or the text's end; forget what lies far behind ``offset``."""
        while self._window_offset + len(self._window) < end:
            chunk = next(self._chunks, None)
            if chunk is None:
                self.size = self._window_offset + len(self._window)
                return
            self._window += chunk
            behind = offset - self._window_offset - _HISTORY_BYTES
            if behind > 0:
                behind = min(behind, len(self._window))
                del self._window[:behind]
                self._window_offset += behind

    def read_through(self) -> None:
        """Read to the end, so that the size is known and every byte was decoded."""
        offset = len(self._head)
        while self.size is None:
            offset += len(self.read_range(offset, CHUNK_BYTES))


def open_text(source: Source, options: ConvertOptions, *, whole: bool = False) -> TextBytes:
    """Find the compression and the encoding of a source and return its text.

    A source of at most ``STREAM_WHOLE_BYTES`` that has to be expanded or transcoded is read through once here, so that
    its size and its end are known and all of it was decoded.

    Args:
        source: what to read.
        options: ``encoding`` wins over what the bytes say.
        whole: look at every byte before deciding on the encoding, however long the source is.

    Raises:
        TerminalError: the source is empty, is no text, is damaged or expands too far, or its encoding is not decided by
            its bytes nor given.
    """
    head = source.read_range(0, HEAD_BYTES)
    if not head:
        raise TerminalError("empty_file", f"{source.name} is empty (0 bytes)")
    compression = detect_compression(head)
    if compression is None:
        refuse_other_formats(head, source.name)
        return _open_raw(source, head, None, lambda: read_chunks(source), options, whole or len(head) == source.size)
    return _open_expanded(source, compression, options, whole or source.size <= STREAM_WHOLE_BYTES)


def _open_raw(
    source: Source, head: bytes, compression: str | None, chunks: Chunks, options: ConvertOptions, whole: bool
) -> TextBytes:
    """Decide on the encoding of expanded bytes; what turns out not to be UTF-8 is looked at whole."""
    pieces = chunks if whole else (lambda: _probe(source, head) if compression is None else iter([head]))
    verdict = decide_encoding(head, pieces, whole, source.name, options.encoding)
    if verdict.name not in _UTF8 and not whole:
        verdict = decide_encoding(head, chunks, True, source.name, options.encoding)
    if compression is None and verdict.name in _UTF8:
        text = TextBytes(source, head, verdict)
    else:
        text = StreamedText(source, chunks, verdict, compression)
        if whole or source.size <= STREAM_WHOLE_BYTES:
            text.read_through()
    if text.size == 0:
        raise TerminalError("empty_file", f"{source.name} holds no text")
    return text


def _open_expanded(source: Source, compression: str, options: ConvertOptions, whole: bool) -> TextBytes:
    chunks: Chunks = partial(expand, source, compression)
    head = bytearray()
    for chunk in chunks():
        head += chunk
        if len(head) >= HEAD_BYTES:
            break
    else:
        whole = True
        chunks = partial(_one_chunk, bytes(head))
    if not head:
        raise TerminalError("empty_file", f"{source.name} is {compression} of nothing")
    inner = detect_compression(bytes(head[:64]))
    if inner is not None:
        raise TerminalError(
            "compressed_twice", f"{source.name} is {compression} with {inner} inside: upload it compressed once"
        )
    refuse_other_formats(bytes(head[:64]), source.name)
    return _open_raw(source, bytes(head), compression, chunks, options, whole)


def _probe(source: Source, head: bytes) -> Iterator[bytes]:
    """Yield the head and stretches spread over the rest, its end among them."""
    yield head
    step = max(_PROBE_BYTES, (source.size - len(head)) // _PROBES)
    ranges = [
        (max(len(head), end - _PROBE_BYTES), min(_PROBE_BYTES, end - len(head)))
        for end in range(source.size, len(head), -step)
    ]
    expect = getattr(source, "expect", None)  # what S3 objects offer beyond the protocol
    if expect is not None:
        expect(ranges)
    for offset, length in ranges:
        yield source.read_range(offset, length)


def _transcode(chunks: Chunks, verdict: Encoding, name: str) -> Iterator[bytes]:
    return transcode(chunks(), verdict.name, verdict.skip, name=name)


def _one_chunk(data: bytes) -> Iterator[bytes]:
    yield data
