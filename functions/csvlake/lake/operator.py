"""What the operator's commands need of the world besides the lake's own ports, as protocols.

As in `csvlake.lake.ports`, every method raises `TransientError` for trouble that may pass. The adapters for AWS are in
``csvlake.aws``, those for tests in ``tests/operator_fakes.py``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from csvlake.lake.naming import Layout
from csvlake.lake.ports import Catalog, Clock, ObjectStore, Queue

__all__ = [
    "DeadLetters",
    "LatestOutcome",
    "LatestReject",
    "LedgerReader",
    "Pause",
    "QueueDepth",
    "Stack",
    "TableReader",
    "WatchedQueue",
]


@dataclass(frozen=True)
class QueueDepth:
    """About how many messages a queue holds; SQS itself knows it only nearly."""

    waiting: int
    in_flight: int  # given to a converter, and not acknowledged yet
    delayed: int

    @property
    def all(self) -> int:
        """How many there are in all."""
        return self.waiting + self.in_flight + self.delayed


class WatchedQueue(Queue, Protocol):
    """The converter's queue, as its operator sees it."""

    def depth(self) -> QueueDepth:
        """Return about how many messages there are."""


class DeadLetters(Protocol):
    """A dead-letter queue."""

    @property
    def name(self) -> str:
        """What its messages are, for a person."""

    def depth(self) -> QueueDepth:
        """Return about how many messages there are."""

    def redrive(self) -> Iterator[int]:
        """Move the messages to the converter's queue, yielding how many were moved so far, about twice a second.

        A move that another process began is watched to its end. Whoever stops watching does not stop the move.
        """


@dataclass(frozen=True)
class LatestOutcome:
    """A row of the view ``conversions_latest``, as far as operators ask for it."""

    source_key: str
    source_etag: str | None
    table_name: str | None  # None where the key itself is refused
    outcome: str
    reason: str | None
    rows_written: int
    records_rejected: int
    rows_rescued: int
    converter_version: str

    @property
    def has_rows(self) -> bool:
        """Whether a Parquet object stood at the key's target when it came to rest."""
        return self.outcome in ("converted", "unchanged")


@dataclass(frozen=True)
class LatestReject:
    """A row of the view ``rejects_latest``."""

    table_name: str
    source_key: str
    line: int
    byte_offset: int
    reason: str
    raw: str
    rejected_at: datetime


class LedgerReader(Protocol):
    """The ledger's views."""

    def outcomes(self, prefix: str, table: str | None = None) -> Iterator[LatestOutcome]:
        """Yield the newest outcome of each key with this prefix, in the order of the keys' UTF-8 bytes.

        Args:
            table: None for all.
        """

    def rejects(self, table: str | None = None) -> Iterator[LatestReject]:
        """Yield the rejects of each key's newest conversion, by key, then in the order of the file."""


class TableReader(Protocol):
    """All tables of the lake's database."""

    def parameters(self) -> Mapping[str, Mapping[str, str]]:
        """Return the parameters of each table by its name."""


class Pause(Protocol):
    """Something that waits."""

    def __call__(self, seconds: float, /) -> None:
        """Wait for so many seconds."""


@dataclass(frozen=True)
class Stack:
    """One deployed lake, as its operator reaches it."""

    bucket: str
    layout: Layout
    store: ObjectStore
    catalog: Catalog
    tables: TableReader
    queue: WatchedQueue
    dead_letters: Sequence[DeadLetters]
    ledger: LedgerReader
    clock: Clock
    pause: Pause
