"""Let threads work on batches side by side, but on a long one alone: it takes the memory of all of them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from csvlake.engine.cutter import Cutter
from csvlake.engine.pieces import Batch

__all__ = ["Turns"]


class Turns:
    """Hand out the batches of a text.

    Args:
        cutter: where they come from.
        most_bytes: a batch with a longer piece is long.
    """

    def __init__(self, cutter: Cutter, most_bytes: int) -> None:
        self._cutter = cutter
        self._most_bytes = most_bytes
        self._cutting = threading.Lock()
        self._state = threading.Condition()
        self._working = 0
        self._has_long = False
        self._spare: list[bytearray] = []  # buffers of batches that are done with

    @contextmanager
    def take(self) -> Iterator[tuple[Batch | None, bool]]:
        """Yield the next batch, None after the last, and whether it is long, until it is done with."""
        with self._cutting:
            # Whoever waits here would read on, maybe into another long batch.
            with self._state:
                self._state.wait_for(lambda: not self._has_long)
            batch = self._cutter.next(self._spare.pop() if self._spare else bytearray())
            is_long = batch is not None and batch.longest > self._most_bytes
            with self._state:
                self._working += 1
                self._has_long = is_long
        try:
            if is_long:
                with self._state:
                    self._state.wait_for(lambda: self._working == 1)
                pa.default_memory_pool().release_unused()
            yield batch, is_long
        finally:
            if batch is not None and not is_long:
                self._spare.append(batch.buffer)
            batch = None
            if is_long:
                pa.default_memory_pool().release_unused()  # it would be kept for a second
            with self._state:
                self._working -= 1
                self._has_long = self._has_long and not is_long
                self._state.notify_all()
