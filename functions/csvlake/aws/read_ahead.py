"""Read an object in order with several requests in flight, so that the reader need not wait for each of them.

One stream of S3 gives some tens of megabytes a second and begins after some tens of milliseconds; several at once add
up: https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-guidelines.html. So whoever reads on,
or reads much, gets blocks that were asked for ahead. A short look somewhere else is a request of its own, for exactly
that, and disturbs nothing; looks that are told of before go out together.
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

__all__ = ["BLOCKS_AHEAD", "BLOCK_BYTES", "ReadAhead"]

BLOCK_BYTES = 4 << 20
BLOCKS_AHEAD = 4  # held or on their way, the one that is being read among them

Fetch = Callable[[int, int], bytes]


class ReadAhead:
    """A window that moves over an object. Several threads may read; those that read on take turns.

    Memory: ``block_bytes * BLOCKS_AHEAD``, and for a moment more after a jump, until what was on its way has come.

    Args:
        fetch: gets all bytes from one offset up to another by one request; called in several threads. What it raises
            is raised by the read that needs those bytes, and by no other.
        start: where the window begins: what stands before is known already.
        size: of the object.
        block_bytes: of a request that reads ahead.
    """

    def __init__(self, fetch: Fetch, start: int, size: int, block_bytes: int = BLOCK_BYTES) -> None:
        self._fetch = fetch
        self._block_bytes = block_bytes
        self._start = start
        self._size = size
        self._next = start  # where the last read ended
        self._blocks: dict[int, Future[bytes]] = {}  # by number: held or on their way
        self._looks: dict[tuple[int, int], Future[bytes]] = {}  # by where they begin and end, kept until the end
        self._pool: ThreadPoolExecutor | None = None
        self._turn = threading.Lock()

    def read_into(self, offset: int, target: memoryview) -> None:
        """Fill ``target`` with the bytes from ``offset`` on, which must be there: behind the start, before the end."""
        look = self._looks.get((offset, offset + len(target)))
        if look is not None:
            self._read_look(look, offset, target)
            return
        with self._turn:
            is_on = offset in (self._next, self._start) or self._number(offset) in self._blocks
            self._next = offset + len(target)
            if is_on or len(target) >= self._block_bytes:
                self._read_on(offset, target)
                return
        target[:] = self._fetch(offset, offset + len(target))

    def expect(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Ask for short ranges, each from one offset up to another, that will be read soon and maybe more than once."""
        with self._turn:
            for begin, end in ranges:
                if (begin, end) not in self._looks:
                    self._looks[begin, end] = self._submit(begin, end)

    def close(self) -> None:
        """Forget what was read ahead, and end the threads; a later read begins anew."""
        with self._turn:
            self._move(0, 0)
            self._looks.clear()
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)

    def _read_look(self, look: Future[bytes], offset: int, target: memoryview) -> None:
        try:
            target[:] = look.result()
        except BaseException:
            self._looks.pop((offset, offset + len(target)), None)  # whoever comes again asks again
            raise

    def _read_on(self, offset: int, target: memoryview) -> None:
        done = 0
        while done < len(target):
            number = self._number(offset + done)
            self._move(number, number + BLOCKS_AHEAD)
            try:
                block = self._blocks[number].result()
            except BaseException:
                del self._blocks[number]  # as above
                raise
            at = offset + done - self._bounds(number)[0]
            part = memoryview(block)[at : at + len(target) - done]
            target[done : done + len(part)] = part
            done += len(part)
            if at + len(part) == len(block):
                del self._blocks[number]

    def _move(self, first: int, stop: int) -> None:
        """Have exactly the blocks from ``first`` up to ``stop`` held or on their way."""
        for number in [number for number in self._blocks if not first <= number < stop]:
            self._blocks.pop(number).cancel()
        for number in range(first, min(stop, self._number(self._size - 1) + 1)):
            if number not in self._blocks:
                self._blocks[number] = self._submit(*self._bounds(number))

    def _submit(self, begin: int, end: int) -> Future[bytes]:
        self._pool = self._pool or ThreadPoolExecutor(BLOCKS_AHEAD, "csvlake-read-ahead")
        return self._pool.submit(self._fetch, begin, end)

    def _number(self, offset: int) -> int:
        return (offset - self._start) // self._block_bytes

    def _bounds(self, number: int) -> tuple[int, int]:
        begin = self._start + number * self._block_bytes
        return begin, min(begin + self._block_bytes, self._size)
