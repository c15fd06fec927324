"""Which tables and partitions the folders of a bucket are.

https://docs.aws.amazon.com/glue/latest/dg/crawler-s3-folder-table-partition.html
https://docs.aws.amazon.com/glue/latest/dg/crawler-grouping-policy.html
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import reduce
from urllib.parse import unquote

from local.glue.types import Columns, are_similar, merge_columns


@dataclass(frozen=True)
class FoundFile:
    """One data file: its key, and what its footer says."""

    key: str
    size: int
    rows: int
    columns: Columns

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of its key, outermost first."""
        return tuple(self.key.split("/")[:-1])


@dataclass
class FoundTable:
    """One table: a folder, and all files at or below it that share one layout of partitions."""

    folders: tuple[str, ...]
    partition_keys: list[str]
    files: list[FoundFile] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def columns(self) -> Columns:
        """The columns of all its files, without those that the folders already give."""
        merged = reduce(merge_columns, (file.columns for file in self.files), Columns())
        return {name: kind for name, kind in merged.items() if name not in self.partition_keys}

    def partitions(self) -> dict[tuple[str, ...], list[FoundFile]]:
        """Return partition values → files; none where the table has no partitions."""
        found: dict[tuple[str, ...], list[FoundFile]] = {}
        if self.partition_keys:
            for file in self.files:
                found.setdefault(partition_values(file.folders[len(self.folders) :]), []).append(file)
        return found


def partition_keys(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Return the partition columns of the folders below a table; unnamed ones are partition_0 and so on."""
    return tuple(
        name.partition("=")[0].lower() if "=" in name else f"partition_{at}" for at, name in enumerate(folders)
    )


def partition_values(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values that folders give the partition columns, as Hive unescapes them."""
    return tuple(unquote(name.partition("=")[2] if "=" in name else name) for name in folders)


def table_name(folders: tuple[str, ...], bucket: str, prefix: str) -> str:
    """Return the name that Glue gives the table of a folder."""
    return prefix + re.sub(r"[^a-z0-9_]", "_", (folders[-1] if folders else bucket).lower())


def find_tables(files: list[FoundFile], root: tuple[str, ...], level: int | None) -> list[FoundTable]:
    """Group files into tables.

    Args:
        files: in order of their keys.
        root: the folders of the target.
        level: TableLevelConfiguration, where the bucket is level 1; None lets the schemas decide.

    Returns:
        Tables in order of their folders. A file that lies above the level is part of none.
    """
    if level is None:
        roots = _roots_by_schema(files, root)
    else:
        roots = {file.folders[: level - 1] for file in files if len(file.folders) >= level - 1}
    return [_table(folders, [f for f in files if f.folders[: len(folders)] == folders]) for folders in sorted(roots)]


def _roots_by_schema(files: list[FoundFile], at: tuple[str, ...]) -> set[tuple[str, ...]]:
    """Return the folders that are tables: one whose parts are alike is a table, else each part is looked at."""
    below = [file for file in files if file.folders[: len(at)] == at]
    if not below:
        return set()
    children = sorted({file.folders[: len(at) + 1] for file in below})
    if at in children or all("=" in child[-1] for child in children):
        return {at}
    parts = [
        reduce(merge_columns, (f.columns for f in below if f.folders[: len(child)] == child), Columns())
        for child in children
    ]
    if len(parts) > 1 and all(are_similar(parts[0], part) for part in parts[1:]):
        return {at}
    return {found for child in children for found in _roots_by_schema(below, child)}


def _table(folders: tuple[str, ...], files: list[FoundFile]) -> FoundTable:
    """Make a table of the layout that most of its files have; the rest is left out and named."""
    layouts = Counter(partition_keys(file.folders[len(folders) :]) for file in files)
    keys = layouts.most_common(1)[0][0]
    table = FoundTable(folders, list(keys))
    for file in files:
        if partition_keys(file.folders[len(folders) :]) == keys:
            table.files.append(file)
        else:
            table.left_out.append(file.key)
    return table
