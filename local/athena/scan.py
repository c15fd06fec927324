"""Give DuckDB the files of a Glue table: partitions chosen, objects listed, footers judged, a view over them."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from local.athena.catalog import Catalog, Partition, Table
from local.athena.errors import unsupported
from local.athena.hive_types import HiveType
from local.athena.judge import judge_file, judge_partition
from local.athena.objects import DataObject, ObjectCache, list_objects, split_location
from local.athena.partition_values import NULL_PARTITION, check_values
from local.athena.projection import is_projected, project
from local.athena.sql.resolve import HIDDEN, Source

LIST_AT_ONCE = 4  # from so many partitions on, one listing of the table's location instead of one for each
NO_FILES = "the query reads a column that was not judged"


@dataclass(frozen=True)
class Slice:
    """An object to be read and the partition that it belongs to; of a table without keys, one without values."""

    item: DataObject
    partition: Partition


class Scanner:
    """Prepares the sources of one query on one connection.

    Attributes:
        scanned_bytes: compressed size of the column chunks that the query reads, as Athena bills them.
    """

    def __init__(self, catalog: Catalog, s3: Any, cache: ObjectCache, connection: Any, files: ExitStack) -> None:
        self._catalog, self._s3, self._cache = catalog, s3, cache
        self._connection, self._files = connection, files
        self.scanned_bytes = 0

    def open(self, source: Source, conditions: list[str], injected: dict[str, list[str]]) -> "Opened":
        """List and judge what a source reads.

        Args:
            source: a Glue table.
            conditions: SQL of DuckDB over the partition keys alone; all must hold.
            injected: values for injected projected keys.

        Raises:
            QueryError: what Athena would fail with.
        """
        table = source.table
        assert table is not None  # noqa: S101 - the caller's promise
        slices = self._slices(table, source.columns, conditions, injected)
        judged = {name: kind for name, kind in table.columns.items() if name in source.columns}
        if dotted := next((name for name in judged if "." in name), None):
            raise unsupported(f"The name of the column {dotted}: with a dot it cannot be told from a nested one, which")
        present: set[str] = set()
        footers = self._cache.footers(self._s3, [one.item for one in slices])
        for one, footer in zip(slices, footers, strict=True):
            declared = one.partition.columns or {}  # a partition's files are read in its own types
            kinds = {name: declared.get(name, kind) for name, kind in judged.items()}
            judge_file(footer, kinds, one.item.path)
            present |= top_level_names(footer)
            self.scanned_bytes += chunk_bytes(footer, source.columns)
        return Opened(source, slices, present)

    def _slices(
        self, table: Table, columns: set[str], conditions: list[str], injected: dict[str, list[str]]
    ) -> list[Slice]:
        if not table.location:
            return []
        if not table.keys:
            whole = Partition((), table.location)
            return [Slice(item, whole) for item in list_objects(self._s3, table.location)]
        found = project(table, injected) if is_projected(table) else self._catalog.partitions(table)
        chosen = self._choose(table, found, conditions)
        for partition in chosen:
            if partition.columns is not None:
                label = "/".join(f"{key}={value}" for key, value in zip(table.keys, partition.values, strict=True))
                wanted = {name: kind for name, kind in table.columns.items() if name in columns}
                judge_partition(table.label, label, wanted, partition.columns)
        return self._list(table, chosen)

    def _choose(self, table: Table, partitions: list[Partition], conditions: list[str]) -> list[Partition]:
        for partition in partitions:
            check_values(table, partition.values)
        if not conditions or not partitions:
            return partitions
        self._connection.execute("DROP TABLE IF EXISTS temp.__keys")
        self._connection.register("__raw_keys", keys_table(table, [one.values for one in partitions]))
        try:
            typed = ", ".join(
                f"CAST({quoted(key)} AS {kind.duckdb}) AS {quoted(key)}" for key, kind in table.keys.items()
            )
            where = " AND ".join(f"({condition})" for condition in conditions)
            rows = self._connection.execute(
                f"SELECT __i FROM (SELECT __i, {typed} FROM __raw_keys) WHERE {where} ORDER BY __i"  # noqa: S608
            ).fetchall()
        finally:
            self._connection.unregister("__raw_keys")
        return [partitions[index] for (index,) in rows]

    def _list(self, table: Table, partitions: list[Partition]) -> list[Slice]:
        if len(partitions) < LIST_AT_ONCE:
            return [Slice(item, one) for one in partitions for item in list_objects(self._s3, one.location)]
        bucket, prefix = split_location(table.location)
        owners, apart = {}, []
        for one in partitions:
            place = split_location(one.location.rstrip("/") + "/")
            if place[0] == bucket and place[1].startswith(prefix):
                owners[place[1]] = one
            else:
                apart.append(one)
        found = []
        for item in list_objects(self._s3, table.location):
            folder = item.key
            while "/" in folder:
                folder = folder.rpartition("/")[0]
                if f"{folder}/" in owners:
                    found.append(Slice(item, owners[f"{folder}/"]))
                    break
        return found + [Slice(item, one) for one in apart for item in list_objects(self._s3, one.location)]

    def define(self, opened: "Opened") -> None:
        """Make the view that the rewritten query names."""
        source, table = opened.source, opened.source.table
        assert table is not None  # noqa: S101 - the caller's promise
        if not opened.slices:
            self._connection.execute(stub(source, table))
            return
        paths = self._files.enter_context(self._cache.files(self._s3, [one.item for one in opened.slices]))
        columns = [column_sql(name, kind, opened) for name, kind in table.columns.items()]
        columns += [
            f"CAST(m.{quoted(key)} AS {kind.duckdb}) AS {quoted(key)}" if key in source.columns else unjudged(key, kind)
            for key, kind in table.keys.items()
        ]
        columns += [f'm."{name}"' for name in HIDDEN if name in source.hidden]
        listed = ", ".join(f"'{path}'" for path in paths)
        read = f"read_parquet([{listed}], union_by_name = true, filename = '__file') f"
        if source.hidden or source.columns & table.keys.keys():
            self._connection.register(
                f"{source.name}_files", files_table(table, opened.slices, [str(p) for p in paths])
            )
            read += f" JOIN {source.name}_files m ON f.__file = m.__file"
        self._connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {source.name} AS SELECT {', '.join(columns)} FROM {read}"  # noqa: S608
        )


@dataclass(frozen=True)
class Opened:
    """A source whose files are known and judged."""

    source: Source
    slices: list[Slice]
    present: set[str]


def column_sql(name: str, kind: HiveType, opened: Opened) -> str:
    """Return a view's column: cast to the table's type, null where no file has it, an error where it was not judged."""
    if name not in opened.source.columns:
        return unjudged(name, kind)
    if name not in opened.present:
        return f"CAST(NULL AS {kind.duckdb}) AS {quoted(name)}"
    return f"CAST(f.{quoted(name)} AS {kind.duckdb}) AS {quoted(name)}"


def unjudged(name: str, kind: HiveType) -> str:
    """Return a column that fails when it is read: our finding of columns must never let one pass the judge."""
    reason = f"{NO_FILES}: {name}".replace("'", "''")
    return f"CAST(error('{reason}' || f.__file) AS {kind.duckdb}) AS {quoted(name)}"


def quoted(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def stub(source: Source, table: Table) -> str:
    """Return the statement that makes an empty table with a source's columns."""
    columns = {
        **{n: kind.duckdb for n, kind in table.columns.items()},
        **{n: kind.duckdb for n, kind in table.keys.items()},
    }
    columns |= {name: kind for name, kind in HIDDEN.items() if name in source.hidden}
    listed = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
    return f"CREATE OR REPLACE TEMP TABLE {source.name} ({listed})"


def keys_table(table: Table, rows: list[tuple[str, ...]]) -> pa.Table:
    """Return partition values as text columns, `__i` their place in the list."""
    columns: dict[str, Any] = {"__i": pa.array(range(len(rows)), pa.int64())}
    for index, key in enumerate(table.keys):
        texts = [None if row[index] == NULL_PARTITION else row[index] for row in rows]
        columns[key] = pa.array(texts, pa.string())
    return pa.table(columns)


def files_table(table: Table, slices: list[Slice], paths: list[str]) -> pa.Table:
    """Return what is known of each file beside its content: partition values and the hidden columns."""
    found = keys_table(table, [one.partition.values for one in slices]).drop_columns(["__i"])
    extra = {
        "__file": pa.array(paths, pa.string()),
        "$path": pa.array([one.item.path for one in slices], pa.string()),
        "$file_modified_time": pa.array([one.item.modified for one in slices], pa.timestamp("us", "UTC")),
        "$file_size": pa.array([one.item.size for one in slices], pa.int64()),
    }
    for name, values in extra.items():
        found = found.append_column(name, values)
    return found


def chunk_bytes(footer: Any, columns: set[str]) -> int:
    """Return the compressed size of the columns' chunks."""
    schema = footer.schema
    read = [i for i in range(len(schema)) if schema.column(i).path.split(".", 1)[0].lower() in columns]
    groups = (footer.row_group(index) for index in range(footer.num_row_groups))
    return sum(group.column(index).total_compressed_size for group in groups for index in read)


def top_level_names(footer: Any) -> set[str]:
    """Return the lower-case names of a file's columns."""
    schema = footer.schema
    return {schema.column(index).path.split(".", 1)[0].lower() for index in range(len(schema))}
