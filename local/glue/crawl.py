"""One crawl: list the targets, read the footers, write tables and partitions.

What it writes is what Glue's own crawlers write of Parquet:
https://docs.aws.amazon.com/glue/latest/dg/table-properties-crawler.html
"""

import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local.glue.definition import Definition, Target
from local.glue.files import find_files
from local.glue.layout import FoundFile, FoundTable, find_tables, table_name
from local.glue.types import Columns

LOG = logging.getLogger(__name__)
BATCH = 100  # what one BatchCreatePartition takes
HIVE = "org.apache.hadoop.hive.ql.io.parquet"
Table = dict[str, Any]


class CrawlStoppedError(Exception):
    """The crawl was told to stop."""


@dataclass
class Counts:
    """What a crawl changed."""

    tables_created: int = 0
    tables_updated: int = 0
    tables_deleted: int = 0
    partitions_created: int = 0
    partitions_updated: int = 0
    partitions_deleted: int = 0
    warnings: list[str] = field(default_factory=list)


class Crawl:
    """A crawl of one definition, through boto3 clients; `is_stopped` is asked before every object."""

    def __init__(self, definition: Definition, s3: Any, glue: Any, is_stopped: Callable[[], bool]) -> None:
        self._definition = definition
        self._s3 = s3
        self._glue = glue
        self._is_stopped = is_stopped
        self.counts = Counts()

    def run(self) -> Counts:
        """Crawl every target.

        Raises:
            CrawlStoppedError: it was told to stop; what is written stays.
        """
        known = {table["Name"]: table for table in self._known_tables()}
        seen: set[str] = set()
        for target in self._definition.targets:
            files = list(self._files(target))
            root = tuple(target.prefix.split("/")[:-1])
            for found in find_tables(files, root, self._definition.level):
                for key in found.left_out:
                    self._warn(f"{key} does not lie where the partitions {found.partition_keys} are")
                seen.add(self._write_table(target.bucket, found, known))
        for name in known.keys() - seen:
            self._forget_table(known[name])
        return self.counts

    def _known_tables(self) -> Iterator[Table]:
        for page in self._glue.get_paginator("get_tables").paginate(DatabaseName=self._definition.database):
            yield from page["TableList"]

    def _files(self, target: Target) -> Iterator[FoundFile]:
        for found in find_files(self._s3, target, self._warn):
            if self._is_stopped():
                raise CrawlStoppedError
            if found:
                yield found

    @property
    def _rewrites(self) -> bool:
        """Whether what is in the catalog already may be changed."""
        return self._definition.updates and not self._definition.only_new

    def _warn(self, message: str) -> None:
        LOG.warning("crawler %s: %s", self._definition.name, message)
        self.counts.warnings.append(message)

    def _write_table(self, bucket: str, found: FoundTable, known: dict[str, Table]) -> str:
        """Create or update a table with its partitions; return its name."""
        location = _location(bucket, found.folders)
        name = table_name(found.folders, bucket, self._definition.prefix)
        if name in known and known[name].get("StorageDescriptor", {}).get("Location", "").rstrip("/") + "/" != location:
            name += "_" + hashlib.md5(location.encode(), usedforsecurity=False).hexdigest()  # as Glue tells two apart
        table = known.get(name)
        if table is None:
            table = self._table_input(name, location, found, found.columns)
            self._glue.create_table(DatabaseName=self._definition.database, TableInput=table)
            self.counts.tables_created += 1
        elif self._rewrites:
            table = self._update_table(
                table,
                self._table_input(
                    name,
                    location,
                    found,
                    _merge_new_columns(table, found) if self._definition.merges else found.columns,
                ),
            )
        if found.partition_keys:
            self._write_partitions(bucket, name, found, table)
        return name

    def _table_input(self, name: str, location: str, found: FoundTable, columns: Columns) -> Table:
        parameters = {"UPDATED_BY_CRAWLER": self._definition.name, **_sizes(found.files)}
        return {
            "Name": name,
            "Owner": "owner",
            "Retention": 0,
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": [{"Name": key, "Type": "string"} for key in found.partition_keys],
            "Parameters": parameters,
            "StorageDescriptor": _storage(location, columns, parameters),
        }

    def _update_table(self, table: Table, wanted: Table) -> Table:
        """Update a table where anything of it changed; what others wrote there stays only where columns are merged.

        https://docs.aws.amazon.com/glue/latest/dg/crawler-configuration.html
        """
        wanted["PartitionKeys"] = table.get("PartitionKeys") or wanted["PartitionKeys"]
        if self._definition.merges:
            wanted["Parameters"] = {**table.get("Parameters", {}), **wanted["Parameters"]}
            wanted["Parameters"].pop("DEPRECATED_BY_CRAWLER", None)
            wanted |= {name: table[name] for name in ("Description", "Owner", "Retention") if name in table}
        held: Table = {name: table.get(name) for name in wanted}
        storage = wanted["StorageDescriptor"]
        held["StorageDescriptor"] = {name: table["StorageDescriptor"].get(name) for name in storage}
        if held != wanted:
            self._glue.update_table(DatabaseName=self._definition.database, TableInput=wanted)
            self.counts.tables_updated += 1
        return wanted

    def _write_partitions(self, bucket: str, name: str, found: FoundTable, table: Table) -> None:
        where = {"DatabaseName": self._definition.database, "TableName": name}
        pages = self._glue.get_paginator("get_partitions").paginate(**where)
        held = {tuple(partition["Values"]): partition for page in pages for partition in page["Partitions"]}
        new, changed, wanted = [], [], found.partitions()
        for values, files in wanted.items():
            partition = self._partition(bucket, values, files, table)
            if values not in held:
                new.append(partition)
            elif self._rewrites and self._partition_changed(held[values], partition):
                changed.append({"PartitionValueList": list(values), "PartitionInput": partition})
        for at in range(0, len(new), BATCH):
            self._glue.batch_create_partition(**where, PartitionInputList=new[at : at + BATCH])
        for at in range(0, len(changed), BATCH):
            self._glue.batch_update_partition(**where, Entries=changed[at : at + BATCH])
        gone = [list(values) for values in held if values not in wanted]
        if gone and self._definition.deletes == "DELETE_FROM_DATABASE":
            for at in range(0, len(gone), 25):  # what one BatchDeletePartition takes
                parts = [{"Values": values} for values in gone[at : at + 25]]
                self._glue.batch_delete_partition(**where, PartitionsToDelete=parts)
            self.counts.partitions_deleted += len(gone)
        self.counts.partitions_created += len(new)
        self.counts.partitions_updated += len(changed)

    def _partition(self, bucket: str, values: tuple[str, ...], files: list[FoundFile], table: Table) -> Table:
        columns = FoundTable((), [key["Name"] for key in table["PartitionKeys"]], files).columns
        if self._definition.inherits:
            columns = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
        parameters = _sizes(files)
        return {
            "Values": list(values),
            "Parameters": parameters,
            "StorageDescriptor": _storage(_location(bucket, files[0].folders), columns, parameters),
        }

    @staticmethod
    def _partition_changed(held: Table, wanted: Table) -> bool:
        one, other = held.get("StorageDescriptor", {}), wanted["StorageDescriptor"]
        return (one.get("Columns"), held.get("Parameters")) != (other["Columns"], wanted["Parameters"])

    def _forget_table(self, table: Table) -> None:
        """Treat a table of this crawler's whose files are gone as its DeleteBehavior says."""
        if table.get("Parameters", {}).get("UPDATED_BY_CRAWLER") != self._definition.name:
            return
        if self._definition.deletes == "DELETE_FROM_DATABASE":
            self._glue.delete_table(DatabaseName=self._definition.database, Name=table["Name"])
            self.counts.tables_deleted += 1
        elif self._definition.deletes == "DEPRECATE_IN_DATABASE" and "DEPRECATED_BY_CRAWLER" not in table["Parameters"]:
            names = ("Name", "Description", "Owner", "Retention", "TableType", "PartitionKeys", "StorageDescriptor")
            deprecated = {name: table[name] for name in names if name in table}
            when = str(int(datetime.now(UTC).timestamp() * 1000))
            deprecated["Parameters"] = {**table["Parameters"], "DEPRECATED_BY_CRAWLER": when}
            self._glue.update_table(DatabaseName=self._definition.database, TableInput=deprecated)
            self.counts.tables_updated += 1


def _merge_new_columns(table: Table, found: FoundTable) -> Columns:
    """Return a table's columns as they are, and after them those that only the files have."""
    held = {column["Name"]: column["Type"] for column in table["StorageDescriptor"].get("Columns", [])}
    keys = {key["Name"] for key in table.get("PartitionKeys", [])}
    return held | {name: kind for name, kind in found.columns.items() if name not in held.keys() | keys}


def _location(bucket: str, folders: tuple[str, ...]) -> str:
    return "s3://" + "/".join((bucket, *folders)) + "/"


def _sizes(files: list[FoundFile]) -> dict[str, str]:
    size, rows = sum(file.size for file in files), sum(file.rows for file in files)
    return {
        "CrawlerSchemaDeserializerVersion": "1.0",
        "CrawlerSchemaSerializerVersion": "1.0",
        "averageRecordSize": str(size // rows if rows else 0),
        "classification": "parquet",
        "compressionType": "none",
        "objectCount": str(len(files)),
        "recordCount": str(rows),
        "sizeKey": str(size),
        "typeOfData": "file",
    }


def _storage(location: str, columns: Columns, parameters: dict[str, str]) -> Table:
    return {
        "Location": location,
        "Columns": [{"Name": name, "Type": kind} for name, kind in columns.items()],
        "InputFormat": f"{HIVE}.MapredParquetInputFormat",
        "OutputFormat": f"{HIVE}.MapredParquetOutputFormat",
        "Compressed": False,
        "NumberOfBuckets": -1,
        "StoredAsSubDirectories": False,
        "SerdeInfo": {
            "SerializationLibrary": f"{HIVE}.serde.ParquetHiveSerDe",
            "Parameters": {"serialization.format": "1"},
        },
        "Parameters": parameters,
    }
