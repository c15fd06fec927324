"""Divide the memory that a process may have among threads and buffers."""

import os
from dataclasses import dataclass

__all__ = ["Sizes", "choose_sizes"]

_BASE_BYTES = 110 << 20  # Python with pyarrow and numpy
_PER_BATCH = 6  # a batch's text, its columns, its encoded row group and one that waits for its turn
_MAX_BATCH_BYTES = 16 << 20
_MIN_BATCH_BYTES = 1 << 20
_MAX_HELD_BYTES = 32 << 20
_MANY_COLUMNS = 2_000
_COLUMN_BYTES = 40 << 10  # of metadata in what is worked on
_PER_HELD = 10  # what is held back for a row group comes on top, and is little
_MAX_PIECE_BYTES = 4 << 20  # parsed at a time: what fits into a processor's caches, more or less


@dataclass(frozen=True)
class Sizes:
    """How much is worked on at a time."""

    threads: int
    batch_bytes: int  # of text encoded at once
    piece_bytes: int  # of text parsed at once
    sample_bytes: int = 1 << 20  # of text from which the first plan is made
    group_bytes: int = 128 << 20  # of text in a row group, at most, unless a batch has more
    held_bytes: int = 16 << 20  # encoded, and kept back to be joined to a row group


def choose_sizes(memory_bytes: int, source_bytes: int = 0, columns: int = 0) -> Sizes:
    """Return sizes whose sum stays under a bound for the whole process, with a thread for each processor.

    Args:
        source_bytes: what the source holds of it, to read ahead.
        columns: of the table; of many the metadata take much memory, and Python's time rather than the threads'.
    """
    threads = max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    room = max(0, memory_bytes - _BASE_BYTES - source_bytes)
    room -= min(room // 3, _COLUMN_BYTES * columns)
    if columns > _MANY_COLUMNS:
        threads = 1
    while threads > 1 and room // threads // _PER_BATCH < _MIN_BATCH_BYTES:
        threads -= 1
    batch = min(_MAX_BATCH_BYTES, max(_MIN_BATCH_BYTES, room // threads // _PER_BATCH))
    held = min(_MAX_HELD_BYTES, room // _PER_HELD)
    piece = batch if columns > _MANY_COLUMNS else min(_MAX_PIECE_BYTES, batch)  # each has all columns, however short
    return Sizes(threads, batch, piece, held_bytes=held)
