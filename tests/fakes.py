"""The lake's ports in memory: an S3 that is strongly consistent, a Glue with versions, a clock that is set by hand.

Each call is counted by name, and `MemoryStore.before` runs a function ahead of the n-th call of a kind, so that a test
can let another process act at exactly that moment.
"""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from csvlake.aws.footer import read_footer_metadata
from csvlake.engine.contract import Contract
from csvlake.engine.kinds import arrow_type
from csvlake.engine.model import (
    RESCUED_COLUMN,
    Agree,
    Column,
    Converted,
    ConvertOptions,
    Dialect,
    Output,
    Reject,
    Report,
    Source,
)
from csvlake.errors import TerminalError
from csvlake.lake.ports import (
    ABSENT,
    IN_FOOTER,
    CrawlerState,
    ObjectInfo,
    Partition,
    PreconditionFailed,
    SourceChanged,
    Table,
    TableChanged,
)


@dataclass
class MemorySource:
    store: "MemoryStore"
    info: ObjectInfo

    @property
    def name(self) -> str:
        return f"s3://{self.store.bucket}/{self.info.key}"

    @property
    def size(self) -> int:
        return self.info.size

    def read_range(self, offset: int, length: int) -> bytes:
        self.store.count("read_range")
        held = self.store.objects.get(self.info.key)
        if held is None or held[0] != self.info:
            raise SourceChanged(f"{self.name} changed while it was read")
        return held[1][offset : offset + length]

    def close(self) -> None:
        self.store.closed += 1


@dataclass
class MemoryStore:
    """An `ObjectStore`, with what a test needs: uploads, a look at the bytes, counts and interruptions."""

    bucket: str = "lake"
    objects: dict[str, tuple[ObjectInfo, bytes]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    hooks: dict[tuple[str, int], Callable[[], object]] = field(default_factory=dict)
    uploads: int = 0
    closed: int = 0  # sources
    unfinished: int = 0  # uploads of files that were begun and not closed
    now: Callable[[], datetime] | None = None  # None: a second passes with every upload

    def before(self, call: str, nth: int, act: Callable[[], object]) -> None:
        """Run ``act`` ahead of the nth call of this name from now on, from 1."""
        self.hooks[call, self.calls[call] + nth] = act

    def count(self, call: str) -> None:
        self.calls[call] += 1
        hook = self.hooks.pop((call, self.calls[call]), None)
        if hook is not None:
            hook()

    def upload(self, key: str, data: bytes | str, metadata: Mapping[str, str] | None = None) -> ObjectInfo:
        """Put an object as a user does, without a condition."""
        body = data.encode() if isinstance(data, str) else data
        self.uploads += 1
        info = ObjectInfo(
            key,
            hashlib.md5(body, usedforsecurity=False).hexdigest(),
            len(body),
            version_id=f"v{self.uploads}",
            last_modified=self.now().replace(microsecond=0)  # as S3 tells it
            if self.now
            else datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.uploads),
            metadata=dict(metadata or {}),
        )
        self.objects[key] = (info, body)
        return info

    def remove(self, key: str) -> None:
        self.objects.pop(key, None)

    def rows(self, key: str) -> list[dict[str, Any]]:
        """Return the rows of a Parquet object."""
        rows: list[dict[str, Any]] = self.table(key).to_pylist()
        return rows

    def table(self, key: str) -> pa.Table:
        with pq.ParquetFile(io.BytesIO(self.objects[key][1])) as file:
            return file.read(use_threads=False)

    def keys(self, prefix: str = "") -> list[str]:
        return sorted(key for key in self.objects if key.startswith(prefix))

    def open_source(self, key: str) -> MemorySource | None:
        self.count("open_source")
        held = self.objects.get(key)
        return None if held is None else MemorySource(self, held[0])

    def head(self, key: str) -> ObjectInfo | None:
        self.count("head")
        held = self.objects.get(key)
        if held is None or not IN_FOOTER.items() <= held[0].metadata.items():
            return None if held is None else held[0]
        return replace(held[0], metadata={**held[0].metadata, **read_footer_metadata(held[1])})

    def put_table(
        self,
        key: str,
        table: pa.Table,
        writer_arguments: Mapping[str, Any],
        metadata: Mapping[str, str] | None = None,
        expected: str | None = None,
    ) -> None:
        sink = io.BytesIO()
        with pq.ParquetWriter(sink, table.schema, **writer_arguments) as writer:
            writer.write_table(table, row_group_size=max(1, table.num_rows))
        self.count("put")
        self.put(key, sink.getvalue(), metadata, expected)

    def begin_file(self, key: str, metadata: Mapping[str, str] | None = None) -> "MemoryUpload":
        self.unfinished += 1
        return MemoryUpload(self, key, metadata or {})

    def touch(self, key: str) -> None:
        self.count("put")
        self.upload(key, b"")

    def delete(self, key: str, expected: str) -> None:
        self.count("delete")
        held = self.objects.get(key)
        if held is None:
            return
        if held[0].etag != expected:
            raise PreconditionFailed(f"{key} is another object")
        del self.objects[key]

    def has_any(self, prefix: str) -> bool:
        self.count("has_any")
        return any(key.startswith(prefix) for key in self.objects)

    def list_objects(self, prefix: str, after: str = "", *, deep: bool = True) -> Iterator[ObjectInfo]:
        self.count("list_objects")
        keys = [key for key in self.keys(prefix) if key > after and (deep or "/" not in key.removeprefix(prefix))]
        listed = [self.objects[key][0] for key in keys]
        yield from (replace(info, metadata={}, version_id=None) for info in listed)

    def list_folders(self, prefix: str) -> Iterator[str]:
        self.count("list_folders")
        below = (key.removeprefix(prefix).partition("/") for key in self.keys(prefix))
        yield from dict.fromkeys(f"{prefix}{folder}/" for folder, slash, _ in below if slash)

    def put(self, key: str, data: bytes, metadata: Mapping[str, str] | None, expected: str | None) -> None:
        held = self.objects.get(key)
        if expected is not None and (ABSENT if held is None else held[0].etag) != expected:
            raise PreconditionFailed(f"{key} is not what it was")
        self.upload(key, data, metadata)


@dataclass
class MemoryUpload:
    """An `Upload` that holds its maker to its word: what was said to stand stands in the file that is completed."""

    store: MemoryStore
    key: str
    metadata: Mapping[str, str]
    sent: bytes = b""

    def grow(self, path: Path, size: int) -> None:
        grown = path.read_bytes()[:size]
        assert len(grown) == size
        assert grown.startswith(self.sent)
        self.sent = grown

    def drop(self) -> None:
        self.sent = b""

    def complete(self, path: Path, expected: str | None) -> None:
        data = path.read_bytes()
        assert data.startswith(self.sent)
        self.store.count("put")
        self.store.put(self.key, data, self.metadata, expected)

    def close(self) -> None:
        self.store.unfinished -= 1


@dataclass
class MemoryCatalog:
    """A `Catalog` whose tables count their versions."""

    tables: dict[str, Table] = field(default_factory=dict)
    partitions: dict[str, dict[tuple[str, ...], Partition]] = field(default_factory=dict)
    partition_columns: dict[tuple[str, tuple[str, ...]], tuple[Column, ...]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    hooks: dict[str, Callable[[], object]] = field(default_factory=dict)

    def before(self, call: str, act: Callable[[], object]) -> None:
        """Run ``act`` ahead of the next call of this name."""
        self.hooks[call] = act

    def get_table(self, name: str) -> Table | None:
        self._count("get_table")
        return self.tables.get(name)

    def create_table(self, table: Table) -> Table:
        self._count("create_table")
        if table.name in self.tables:
            raise TableChanged(f"{table.name} exists")
        self.tables[table.name] = replace(table, version_id="0")
        return self.tables[table.name]

    def update_table(self, table: Table) -> Table:
        self._count("update_table")
        held = self.tables.get(table.name)
        if held is None or held.version_id != table.version_id:
            raise TableChanged(f"{table.name} changed")
        assert table != held, "a version without a change"
        self.tables[table.name] = replace(table, version_id=str(int(held.version_id) + 1))
        return self.tables[table.name]

    def align_partitions(self, table: Table) -> int:
        self._count("align_partitions")
        odd = [key for key, held in self.partition_columns.items() if key[0] == table.name and held != table.columns]
        for key in odd:
            self.partition_columns[key] = table.columns
        return len(odd)

    def create_partition(self, table: Table, partition: Partition) -> None:
        self._count("create_partition")
        self.partitions.setdefault(table.name, {}).setdefault(partition.values, partition)
        self.partition_columns.setdefault((table.name, partition.values), table.columns)

    def has_partition(self, table: str, values: Sequence[str]) -> bool:
        self._count("has_partition")
        return tuple(values) in self.partitions.get(table, {})

    def delete_partition(self, table: str, values: Sequence[str]) -> None:
        self._count("delete_partition")
        self.partitions.get(table, {}).pop(tuple(values), None)
        self.partition_columns.pop((table, tuple(values)), None)

    def _count(self, call: str) -> None:
        self.calls[call] += 1
        hook = self.hooks.pop(call, None)
        if hook is not None:
            hook()


class Intercepted:
    """Any port, with a hook that is told "before" and "after" each call; it may raise, or let something else happen."""

    def __init__(self, port: Any, hook: Callable[[str, str], None]) -> None:
        self._port = port
        self._hook = hook

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._hook("before", name)
            result = method(*args, **kwargs)
            self._hook("after", name)
            return Intercepted(result, self._hook) if name == "begin_file" else result

        return call


@dataclass
class MemoryClock:
    """A `Clock` that stands still until it is told."""

    seconds: float = 1_800_000_000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class MemoryCrawler:
    """A `Crawler` whose crawls a test ends by hand.

    Attributes:
        running_since: when the crawl began that is under way.
        is_stopping: whether it has ended and no other can begin yet; what it was is told only afterwards.
        ended: (when it began, whether it failed) of each crawl that is over.
    """

    clock: MemoryClock
    running_since: float | None = None
    is_stopping: bool = False
    ended: list[tuple[float, bool]] = field(default_factory=list)

    @property
    def starts(self) -> int:
        return len(self.ended) + (self.running_since is not None)

    def start(self) -> bool:
        if self.running_since is not None:
            return False
        self.running_since = self.clock.seconds
        return True

    def look(self) -> CrawlerState:
        is_running = self.running_since is not None and not self.is_stopping
        return CrawlerState(is_running, *self.ended[-1]) if self.ended else CrawlerState(is_running)

    def end(self, *, has_failed: bool = False) -> None:
        """End the crawl that is under way."""
        assert self.running_since is not None
        self.ended.append((self.running_since, has_failed))
        self.running_since, self.is_stopping = None, False


@dataclass
class MemoryOwner:
    """An `Owner` who keeps what he was told."""

    told: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, subject: str, text: str) -> None:
        self.told.append((subject, text))


@dataclass
class MemoryQueue:
    """A `Queue`: (when it arrives, body) of each message that was sent."""

    clock: MemoryClock
    sent: list[tuple[float, str]] = field(default_factory=list)
    hurried: list[tuple[str, int]] = field(default_factory=list)

    def send(self, body: str, delay_s: int) -> None:
        assert 0 <= delay_s <= 900
        self.sent.append((self.clock.seconds + delay_s, body))

    def send_many(self, bodies: Sequence[str], delay_s: int) -> None:
        for body in bodies:
            self.send(body, delay_s)

    def hurry(self, receipt: str, delay_s: int) -> None:
        self.hurried.append((receipt, delay_s))

    def receive(self) -> list[str]:
        """Take out the messages that have arrived."""
        arrived = [body for at, body in self.sent if at <= self.clock.seconds]
        self.sent = [(at, body) for at, body in self.sent if at > self.clock.seconds]
        return arrived


_NUMBER = re.compile(r"(0|[1-9][0-9]*)(?:\.([0-9]+))?")


def convert_simply(
    source: Source, options: ConvertOptions, agree: Agree, metadata: dict[str, str], output: Output
) -> Converted:
    """Stand in for the engine: UTF-8, commas; bigint, decimal, all else string; a long record is rejected.

    Of a contract it obeys types and the table's null tokens. An empty file is refused.
    A cell that does not fit its column is rescued.
    """
    text = source.read_range(0, source.size).decode()
    if not text:
        raise TerminalError("empty_file", "the file has no bytes")
    header, *records = list(csv.reader(io.StringIO(text)))
    rows = [record for record in records if len(record) <= len(header)]
    contract = options.contract if isinstance(options.contract, Contract) else Contract()
    rows = [["" if cell in contract.null_tokens else cell for cell in row] for row in rows]
    inferred = [_infer(name, [row[at] for row in rows]) for at, name in enumerate(header)]
    rules = {rule.name: rule.type for rule in contract.columns if rule.type}
    inferred = [replace(column, type=rules.get(column.name, column.type)) for column in inferred]
    columns = list(agree(inferred))
    written: list[dict[str, Any]] = []
    for row in rows:
        fitting = {c.name: _read(cell, c.type) for c, cell in zip(columns, row, strict=True)}
        misfits = {c.name: cell for c, cell in zip(columns, row, strict=True) if cell and fitting[c.name] is None}
        written.append({**fitting, RESCUED_COLUMN: str(misfits) if misfits else None})
    rescued = sum(row[RESCUED_COLUMN] is not None for row in written)
    if rescued:
        columns.append(Column(RESCUED_COLUMN, "string"))
    schema = pa.schema([(c.name, arrow_type(c.type)) for c in columns])
    rejects = [
        Reject(i, 0, "too many cells", ",".join(r).encode()) for i, r in enumerate(records) if len(r) > len(header)
    ]
    report = Report(
        Dialect(",", '"', None, "utf-8", None, True, 0, "\n"),
        tuple(columns),
        records_read=len(records),
        rows_written=len(rows),
        records_rejected=len(rejects),
        rows_rescued=rescued,
        rejects=rejects,
    )
    table = pa.Table.from_pylist(written, schema=schema.with_metadata(metadata))
    return Converted(report, table, {"compression": "zstd"}, None)


def _infer(name: str, cells: Sequence[str]) -> Column:
    numbers = [_NUMBER.fullmatch(cell) for cell in cells if cell]
    if not numbers or not all(numbers):
        return Column(name, "string", name)
    found = [number for number in numbers if number is not None]
    scale = max(len(number[2] or "") for number in found)
    digits = max(len(number[1].lstrip("0")) for number in found)
    precision = 18 if digits + scale <= 18 else 38
    return Column(name, f"decimal({precision},{scale})" if scale else "bigint", name, digits=digits)


def _read(cell: str, type_: str) -> Decimal | int | str | None:
    if type_ == "string" or not cell:
        return cell or None
    number = _NUMBER.fullmatch(cell)
    if number is None or (type_ == "bigint" and number[2]):
        return None
    if type_ == "bigint":
        return int(cell)
    precision, scale = map(int, type_.removeprefix("decimal(").rstrip(")").split(","))
    if len(number[2] or "") > scale or len(number[1].lstrip("0")) + scale > precision:
        return None
    return Decimal(cell)
