"""A deployed stack in memory, as its operator reaches it: a `LakeInMemory` behind the operator's ports."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC
from typing import Any

from csvlake.aws.table_parameters import write_parameters
from csvlake.lake.naming import Layout
from csvlake.lake.operator import LatestOutcome, LatestReject, QueueDepth, Stack
from tests.fakes import MemoryCatalog, MemoryQueue
from tests.lakes import LakeInMemory


@dataclass
class MemoryWatchedQueue:
    """A `WatchedQueue` over the lake's queue; ``depths`` are told first, one a look, instead of the truth."""

    queue: MemoryQueue
    depths: list[QueueDepth] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)  # how many messages each request had

    def send(self, body: str, delay_s: int) -> None:
        self.queue.send(body, delay_s)

    def send_many(self, bodies: Sequence[str], delay_s: int) -> None:
        self.batches.append(len(bodies))
        self.queue.send_many(bodies, delay_s)

    def hurry(self, receipt: str, delay_s: int) -> None:
        self.queue.hurry(receipt, delay_s)

    def depth(self) -> QueueDepth:
        if self.depths:
            return self.depths.pop(0)
        arrived = sum(at <= self.queue.clock.seconds for at, _ in self.queue.sent)
        return QueueDepth(arrived, 0, len(self.queue.sent) - arrived)


@dataclass
class MemoryDeadLetters:
    """`DeadLetters` that move two at a time."""

    name: str
    queue: MemoryQueue
    bodies: list[str] = field(default_factory=list)

    def depth(self) -> QueueDepth:
        return QueueDepth(len(self.bodies), 0, 0)

    def redrive(self) -> Iterator[int]:
        moved = 0
        while self.bodies:
            some, self.bodies = self.bodies[:2], self.bodies[2:]
            self.queue.send_many(some, 0)
            moved += len(some)
            yield moved


@dataclass
class MemoryLedgerReader:
    """A `LedgerReader` over the objects of the lake's ledger."""

    lake: LakeInMemory

    def newest(self) -> dict[str, dict[str, Any]]:
        rows = sorted(self.lake.ledger(), key=lambda row: (row["converted_at"], row["request_id"]))
        return {row["source_key"]: row for row in rows}

    def outcomes(self, prefix: str, table: str | None = None) -> Iterator[LatestOutcome]:
        for key, row in sorted(self.newest().items()):
            if key.startswith(prefix) and table in (None, row["table_name"]):
                told = {name: row[name] for name in (one.name for one in fields(LatestOutcome))}
                counts = {name: row[name] or 0 for name in ("rows_written", "records_rejected", "rows_rescued")}
                yield LatestOutcome(**{**told, **counts})

    def rejects(self, table: str | None = None) -> Iterator[LatestReject]:
        newest = self.newest()
        for row in sorted(self.lake.ledger("rejects"), key=lambda row: (row["source_key"], row["byte_offset"])):
            latest = newest[row["source_key"]]
            if row["rejected_at"] == latest["converted_at"] and table in (None, latest["table_name"]):
                told = {name: row[name] for name in ("source_key", "line", "byte_offset", "reason", "raw")}
                at = row["rejected_at"].replace(tzinfo=UTC)
                yield LatestReject(table_name=latest["table_name"], **told, rejected_at=at)


@dataclass
class MemoryTableReader:
    """A `TableReader` over the lake's catalog."""

    catalog: MemoryCatalog

    def parameters(self) -> Mapping[str, Mapping[str, str]]:
        return {name: write_parameters(table) for name, table in self.catalog.tables.items()}


@dataclass
class StackInMemory:
    """A lake, and the stack that an operator's command opens."""

    lake: LakeInMemory = field(default_factory=LakeInMemory)
    queue: MemoryWatchedQueue = field(init=False)
    failed: MemoryDeadLetters = field(init=False)
    undelivered: MemoryDeadLetters = field(init=False)
    opened: list[str | None] = field(default_factory=list)  # the names that were asked for

    def __post_init__(self) -> None:
        self.queue = MemoryWatchedQueue(self.lake.queue)
        self.failed = MemoryDeadLetters("failed conversions", self.lake.queue)
        self.undelivered = MemoryDeadLetters("undelivered events", self.lake.queue)

    def open(self, name: str | None = None) -> Stack:
        self.opened.append(name)
        return Stack(
            bucket="lake",
            layout=Layout(),
            store=self.lake.store,
            catalog=self.lake.catalog,
            tables=MemoryTableReader(self.lake.catalog),
            queue=self.queue,
            dead_letters=(self.failed, self.undelivered),
            ledger=MemoryLedgerReader(self.lake),
            clock=self.lake.clock,
            pause=self.lake.clock.advance,
        )
