"""Look at source objects and say of each what its target is now, without an event that would tell.

The truth is asked for, not the ledger: the metadata of each target, by a HEAD (docs/adr/0006-any-order-of-events.md).
Everything here is a stream: a million keys need the memory of a few hundred.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from csvlake.errors import TerminalError
from csvlake.lake.naming import Layout, Placement, is_data, place
from csvlake.lake.ports import ObjectInfo, ObjectStore
from csvlake.lake.stamp import Stamp

__all__ = ["Surveyed", "TargetState", "list_prefix", "list_table", "survey"]

_THREADS = 16
_AHEAD = 4  # HEADs begun for each thread, so that none waits for the caller


class TargetState(StrEnum):
    """What stands at a source's target."""

    SETTLED = "settled"  # converting this upload again by this version would write the same rows
    ABSENT = "absent"  # nothing: not converted yet, or refused
    OLDER_SOURCE = "of an older upload"
    OLDER_VERSION = "by another version"
    FOREIGN = "does not tell how it was made"
    UNPLACEABLE = "no target"  # the key itself is refused


@dataclass(frozen=True)
class Surveyed:
    """A source object and its target.

    Attributes:
        placement: None where the key is refused.
        stamp: what the target tells of its making; None where there is none.
    """

    source: ObjectInfo
    state: TargetState
    placement: Placement | None = None
    stamp: Stamp | None = None


def list_prefix(store: ObjectStore, layout: Layout, prefix: str = "", after: str = "") -> Iterator[ObjectInfo]:
    """Yield the source objects that are data, in the order of their keys' UTF-8 bytes.

    Args:
        prefix: what follows ``csv-files/`` in their keys.
        after: a whole key; begin behind it.
    """
    return _data_of(store.list_objects(layout.source_prefix + prefix, after), layout)


def list_table(store: ObjectStore, layout: Layout, table: str) -> Iterator[ObjectInfo]:
    """Yield the source objects of one table, in the order of their keys' UTF-8 bytes.

    Several first folders may feed one table (``Sales 2024/``, ``sales-2024/``), and so may single files
    (``sales.csv``). A file whose key is refused belongs to none.
    """
    folders = [
        folder for folder in store.list_folders(layout.source_prefix) if _table_of(f"{folder}x", layout) == table
    ]
    single = store.list_objects(layout.source_prefix, deep=False)
    streams = [_data_of(store.list_objects(folder), layout) for folder in folders]
    streams.append(info for info in single if _table_of(info.key, layout) == table)
    return heapq.merge(*streams, key=lambda info: info.key.encode())


def survey(
    store: ObjectStore,
    layout: Layout,
    sources: Iterable[ObjectInfo],
    converter_version: str,
    threads: int = _THREADS,
) -> Iterator[Surveyed]:
    """Look at the target of each source, several at a time.

    Args:
        sources: from `list_prefix` or `list_table`; a listing knows no versions, so uploads are told apart by ETag.
        converter_version: the one that should have made the targets.

    Yields:
        One for each source, in their order.

    Raises:
        TransientError: a target could not be looked at.
    """
    begun: deque[Future[Surveyed]] = deque()
    with ThreadPoolExecutor(max_workers=threads) as pool:
        try:
            for source in sources:
                begun.append(pool.submit(_look, store, layout, source, converter_version))
                if len(begun) > threads * _AHEAD:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _look(store: ObjectStore, layout: Layout, source: ObjectInfo, converter_version: str) -> Surveyed:
    placement = _place(source.key, layout)
    if placement is None:
        return Surveyed(source, TargetState.UNPLACEABLE)
    target = store.head(placement.target_key)
    stamp = Stamp.read(target.metadata) if target is not None else None
    if target is None:
        state = TargetState.ABSENT
    elif stamp is None:
        state = TargetState.FOREIGN
    elif (stamp.source_etag, stamp.source_bytes) != (source.etag, source.size):
        state = TargetState.OLDER_SOURCE
    elif stamp.converter_version != converter_version:
        state = TargetState.OLDER_VERSION
    else:
        state = TargetState.SETTLED
    return Surveyed(source, state, placement, stamp)


def _data_of(listed: Iterable[ObjectInfo], layout: Layout) -> Iterator[ObjectInfo]:
    return (info for info in listed if is_data(info.key, layout))


def _table_of(key: str, layout: Layout) -> str | None:
    placement = _place(key, layout)
    return None if placement is None else placement.table


def _place(key: str, layout: Layout) -> Placement | None:
    try:
        return place(key, layout)
    except TerminalError:
        return None
