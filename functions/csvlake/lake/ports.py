"""What the lake needs of the world, as protocols: objects, a catalog, a crawler, a queue, a clock.

The adapters for AWS are in ``csvlake.aws``, those for tests in ``tests/fakes.py``; one suite in ``tests/contract``
runs over both. Every method raises `TransientError` for trouble that may pass, and nothing of the library behind it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol

from csvlake.engine.model import Column, Source
from csvlake.errors import TransientError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "ABSENT",
    "IN_FOOTER",
    "Catalog",
    "Clock",
    "Crawler",
    "CrawlerState",
    "ObjectInfo",
    "ObjectStore",
    "Owner",
    "Partition",
    "PreconditionFailed",
    "Queue",
    "SourceChanged",
    "SourceObjectBytes",
    "Table",
    "TableChange",
    "TableChanged",
    "Upload",
]

ABSENT: Final = "*absent*"  # as an expected ETag: nothing stands at the key
# S3 takes an object's metadata when its upload begins. With this among them the rest is in the Parquet file's own.
IN_FOOTER: Final[Mapping[str, str]] = MappingProxyType({"csvlake-metadata": "footer"})


class PreconditionFailed(TransientError):  # noqa: N818 - HTTP's own name for it
    """Say that another writer was faster: the object at the key is not the one that was expected."""


class SourceChanged(TransientError):  # noqa: N818 - a fact, like HTTP's
    """Say that an object was replaced or removed while it was read."""


class TableChanged(TransientError):  # noqa: N818 - a fact, like HTTP's
    """Say that a table was created or changed since it was read."""


@dataclass(frozen=True)
class ObjectInfo:
    """What a HEAD says of an object. ``metadata`` has lower-case names and ASCII values.

    Where `IN_FOOTER` is among them, they hold what the Parquet file's own metadata have under such names, too.
    """

    key: str
    etag: str  # without quotes
    size: int
    version_id: str | None = None  # None where the bucket is not versioned
    last_modified: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def is_same_content(self, other: "ObjectInfo | None") -> bool:
        """Return whether both are one upload, as far as the store tells uploads apart."""
        return other is not None and (self.etag, self.size, self.version_id) == (
            other.etag,
            other.size,
            other.version_id,
        )


class SourceObjectBytes(Source, Protocol):
    """An open object: its bytes in ranges, all of one upload. ``read_range`` raises `SourceChanged` when it is gone."""

    @property
    def info(self) -> ObjectInfo:
        """The upload that is read."""

    def close(self) -> None:
        """Stop whatever reading goes on beside the reader. An object of 8 MiB or less needs no closing."""


class Upload(Protocol):
    """One object in the making, of a local file that may still grow. For one thread at a time."""

    def grow(self, path: Path, size: int) -> None:
        """The file's first ``size`` bytes stand as they will stay: they may be sent."""

    def drop(self) -> None:
        """Another file will take the place of the one that was begun."""

    def complete(self, path: Path, expected: str | None) -> None:
        """Make the whole file visible as the object.

        Args:
            path: what was told of it, if anything was, still holds.
            expected: as in `ObjectStore.put_table`.

        Raises:
            PreconditionFailed: something else stands at the key. It may be tried again on another condition.
        """

    def close(self) -> None:
        """Leave nothing behind of what is not completed."""


class ObjectStore(Protocol):
    """One bucket, strongly consistent, as S3 is."""

    def open_source(self, key: str) -> SourceObjectBytes | None:
        """Open an object, small ones with a single request; None where there is none."""

    def head(self, key: str) -> ObjectInfo | None:
        """Look at an object without reading it; None where there is none."""

    def put_table(
        self,
        key: str,
        table: "pa.Table",
        writer_arguments: Mapping[str, Any],
        metadata: Mapping[str, str] | None = None,
        expected: str | None = None,
    ) -> None:
        """Write a table as one Parquet object, visible at once and whole.

        Args:
            writer_arguments: for ``pyarrow.parquet.ParquetWriter``, compression included.
            expected: ETag of the object to replace, ABSENT where there must be none, None for either.

        Raises:
            PreconditionFailed: something else stands at the key.
        """

    def begin_file(self, key: str, metadata: Mapping[str, str] | None = None) -> Upload:
        """Return the upload of a local file that will be one object, visible at once and whole."""

    def touch(self, key: str) -> None:
        """Write an empty object, so that its time of last change is now."""

    def delete(self, key: str, expected: str) -> None:
        """Delete an object if it still is the one with this ETag; one that is gone already is no error.

        Raises:
            PreconditionFailed: another object stands at the key.
        """

    def has_any(self, prefix: str) -> bool:
        """Return whether any object's key begins with the prefix."""

    def list_objects(self, prefix: str, after: str = "", *, deep: bool = True) -> Iterator[ObjectInfo]:
        """Yield the objects whose keys begin with the prefix, in the order of their keys' UTF-8 bytes.

        A listing has neither metadata nor versions. Objects that come or go meanwhile may be in it or not.

        Args:
            after: begin behind this key, which need not exist.
            deep: False: only those with no slash after the prefix.
        """

    def list_folders(self, prefix: str) -> Iterator[str]:
        """Yield the prefixes that end with the first slash after ``prefix``, in order; each once."""


@dataclass(frozen=True)
class TableChange:
    """A change of a table whose files or partitions are not all in step with it yet.

    Attributes:
        id: tells it from any other.
        since: when its newest part began, in seconds since 1970.
        stored: by column, the types that older files may store besides the one to come.
        final: by column, the type to come, where the catalog shows another one meanwhile.
        is_contract: whether the contract changed, so that files that were refused may be taken now.
    """

    id: str
    since: float
    stored: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    final: Mapping[str, str] = field(default_factory=dict)
    is_contract: bool = False


@dataclass(frozen=True)
class Table:
    """A table of the catalog.

    Attributes:
        columns: as the catalog shows them, without the partition keys; ``source_name`` is the column's comment.
        version_id: changes with every change; "" for a table that is not created yet.
        types_id: changes whenever a column's type does, and tells by which types a file was written; "" where the table
            was made by somebody else.
        change: None where all files and partitions are in step.
        contract: the contract in force, as canonical JSON; "" for none.
        projection: table properties of Athena's partition projection; empty: partitions are registered.
        native: the catalog's own description, kept so that an update changes nothing that it need not.
    """

    name: str
    columns: tuple[Column, ...]
    partition_keys: tuple[Column, ...]
    location: str
    version_id: str = ""
    types_id: str = ""
    change: TableChange | None = None
    contract: str = ""
    projection: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    native: Any = field(default=None, compare=False, repr=False)

    def type_of(self, column: str) -> str | None:
        """Return the type that files store a column in from now on, None where the table has no such column."""
        if self.change is not None and column in self.change.final:
            return self.change.final[column]
        return next((known.type for known in self.columns if known.name == column), None)


@dataclass(frozen=True)
class Partition:
    """A partition of a table: its values in the order of the keys, and its folder with a slash at the end."""

    values: tuple[str, ...]
    location: str


class Catalog(Protocol):
    """One database of the Glue Data Catalog."""

    def get_table(self, name: str) -> Table | None:
        """Return a table as it is now; None where there is none."""

    def create_table(self, table: Table) -> Table:
        """Create a table of Parquet files and return it with its version.

        Raises:
            TableChanged: it exists already.
        """

    def update_table(self, table: Table) -> Table:
        """Bring the catalog's table to what is given, and return it with its new version.

        Args:
            table: as it was read, with some members replaced. Columns keep their order; new ones stand at the end.

        Raises:
            TableChanged: its version is no longer ``table.version_id``.
        """

    def align_partitions(self, table: Table) -> int:
        """Give every partition the table's columns, and return how many had others.

        A partition has columns of its own, and Athena fails on it where they are not the table's.
        """

    def create_partition(self, table: Table, partition: Partition) -> None:
        """Register a partition; one that exists already is no error."""

    def has_partition(self, table: str, values: Sequence[str]) -> bool:
        """Return whether a partition is registered."""

    def delete_partition(self, table: str, values: Sequence[str]) -> None:
        """Remove a partition; one that is gone already is no error."""


@dataclass(frozen=True)
class CrawlerState:
    """What a crawler does, and did last.

    Attributes:
        is_running: whether a crawl is under way. One that is about to end may be told as ended.
        began_at: when the newest crawl that ended began, in seconds since 1970; None where there is none.
        has_failed: whether that crawl did not come to its end.
    """

    is_running: bool
    began_at: float | None = None
    has_failed: bool = False


class Crawler(Protocol):
    """The crawler of the data bucket."""

    def start(self) -> bool:
        """Start a crawl; False where one is under way or about to end."""

    def look(self) -> CrawlerState:
        """Return what the crawler does now."""


class Queue(Protocol):
    """The queue whose messages the converter is given."""

    def send(self, body: str, delay_s: int) -> None:
        """Send a message that arrives after ``delay_s`` seconds, at most 900."""

    def hurry(self, receipt: str, delay_s: int) -> None:
        """Have a message that failed delivered again after ``delay_s`` seconds, and not when its time has run out."""

    def send_many(self, bodies: Sequence[str], delay_s: int) -> None:
        """Send messages as `send` does, many in one request.

        Raises:
            TransientError: some were not sent, others may have been.
        """


class Owner(Protocol):
    """Who answers for the lake."""

    def tell(self, subject: str, text: str) -> None:
        """Send a message: one line, and the rest."""


class Clock(Protocol):
    """Time."""

    def now(self) -> datetime:
        """Return the time in UTC, with its zone."""

    def monotonic(self) -> float:
        """Return seconds since some fixed moment, never running backwards."""
